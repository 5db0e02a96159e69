//go:build linux && (amd64 || arm64) && cgo

package threads

import (
	"debug/elf"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// constructed is a shared library.
var constructed = &victim.Program{
	Name:     "constructor.so",
	Compiler: []string{"cc", "-shared", "-fPIC"},
	Build:    []string{"testdata/constructor.c", "-lpthread"},
}

// A shared library finds the executable's names first only if they are exported.
func TestNamesAreExported(t *testing.T) {
	file, err := elf.Open(program.Path(t))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"pthread_create", "thrd_create", "pthread_sigmask", "sigprocmask", "sigwait", "sigwaitinfo",
		"sigtimedwait", "signalfd", "sigaction", "signal", "sysv_signal", "__sysv_signal", "sigset", "sigignore"} {
		if !slices.ContainsFunc(symbols, func(s elf.Symbol) bool {
			return s.Name == name && s.Section != elf.SHN_UNDEF
		}) {
			t.Errorf("%s is not exported", name)
		}
	}
}

// While dlopen runs a constructor, another thread that called dlsym would wait for it.
func TestLibraryWaitsForItsThreadsMask(t *testing.T) {
	out := program.Run(t, "load", victim.Env("LIBRARY="+constructed.Path(t)))
	if !out.IsExit(0) || strings.TrimSpace(out.Stdout) != "loaded 1" {
		t.Fatal(out)
	}
}

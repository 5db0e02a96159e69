//go:build linux && (amd64 || arm64) && cgo

package threads

import (
	"debug/elf"
	"os/exec"
	"path/filepath"
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

// A sanitizer's runtime that is linked in statically has weak definitions of the same names, and comes
// first. A strong one wins, and goes on to the runtime's by its second name. Elsewhere they are weak:
// libc's, in a static program, may be strong.
func TestNamesComeBeforeASanitizers(t *testing.T) {
	for _, compiler := range []string{"gcc", "clang"} {
		for _, sanitizer := range []string{"", "-fsanitize=address"} {
			t.Run(compiler+sanitizer, func(t *testing.T) {
				if _, err := exec.LookPath(compiler); err != nil {
					t.Skipf("%s is not installed", compiler)
				}
				object := filepath.Join(t.TempDir(), "actions.o")
				args := []string{"-std=c11", "-D_GNU_SOURCE", "-c", "../../native/interpose/actions.c", "-o", object}
				if sanitizer != "" {
					args = append(args, sanitizer)
				}
				if out, err := exec.Command(compiler, args...).CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				file, err := elf.Open(object)
				if err != nil {
					t.Fatal(err)
				}
				defer file.Close()
				symbols, err := file.Symbols()
				if err != nil {
					t.Fatal(err)
				}
				bindings := map[string]elf.SymBind{}
				for _, s := range symbols {
					bindings[s.Name] = elf.ST_BIND(s.Info)
				}
				theirs, refers := bindings["__interceptor_sigaction"]
				want := elf.STB_WEAK
				if sanitizer != "" {
					want = elf.STB_GLOBAL
				}
				if bindings["sigaction"] != want || refers != (sanitizer != "") || refers && theirs != elf.STB_WEAK {
					t.Errorf("sigaction is %v; the runtime's: %v, %v", bindings["sigaction"], refers, theirs)
				}
			})
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

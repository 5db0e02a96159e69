//go:build linux && amd64 && cgo

package threads

import (
	"debug/elf"
	"slices"
	"testing"
)

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
	for _, name := range []string{"pthread_create", "pthread_sigmask", "sigprocmask", "sigwait", "sigwaitinfo",
		"sigtimedwait", "signalfd"} {
		if !slices.ContainsFunc(symbols, func(s elf.Symbol) bool {
			return s.Name == name && s.Section != elf.SHN_UNDEF
		}) {
			t.Errorf("%s is not exported", name)
		}
	}
}

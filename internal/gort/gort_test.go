//go:build linux && (amd64 || arm64)

package gort_test

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/gort"
)

// withSymbols is set in the environment of the test binaries that
// TestLoad builds.
const withSymbols = "GORT_TEST_WITH_SYMBOLS"

// TestLoad builds this test once per kind of link, since "go test" strips the
// binary that it runs itself, and runs TestLoadAgreesWithSymbolTable there.
func TestLoad(t *testing.T) {
	for _, mode := range []string{"exe", "pie"} {
		t.Run(mode, func(t *testing.T) {
			binary := filepath.Join(t.TempDir(), "gort.test")
			build := exec.Command("go", "test", "-c", "-buildmode="+mode, "-o", binary, ".")
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			run := exec.Command(binary, "-test.run=^TestLoadAgreesWithSymbolTable$", "-test.v")
			run.Env = append(os.Environ(), withSymbols+"=1")
			out, err := run.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "PASS: TestLoadAgreesWithSymbolTable") {
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
}

// TestLoadAgreesWithSymbolTable compares with the linker's own symbols.
func TestLoadAgreesWithSymbolTable(t *testing.T) {
	if os.Getenv(withSymbols) == "" {
		t.Skip("run by TestLoad")
	}
	rt, err := gort.Load()
	if err != nil {
		t.Fatal(err)
	}
	symbols := executableSymbols(t)
	bias := rt.Text - symbols["runtime.text"] // not 0 in PIE
	for _, c := range []struct {
		symbol string
		got    uintptr
	}{
		{"runtime.etext", rt.EText},
		{"runtime.pclntab", rt.Pclntab},
		{"runtime.epclntab", rt.EPclntab},
		{"go:func.*", rt.GoFunc},
		{"github.com/epitaph-go/epitaph/internal/gort.getg.abi0", rt.GetG},
	} {
		if want, ok := symbols[c.symbol]; !ok {
			t.Errorf("no symbol %s in this binary", c.symbol)
		} else if c.got != want+bias {
			t.Errorf("%s: %#x, the symbol table has %#x", c.symbol, c.got, want+bias)
		}
	}
}

func executableSymbols(t *testing.T) map[string]uintptr {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	list, err := file.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	symbols := make(map[string]uintptr, len(list))
	for _, s := range list {
		symbols[s.Name] = uintptr(s.Value)
	}
	return symbols
}

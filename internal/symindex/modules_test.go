package symindex_test

import (
	"cmp"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/symindex"
)

// notShort leaves out what is the same with the race detector, since nothing here has a
// second goroutine, and takes long with it.
func notShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("looks up many addresses")
	}
}

// The C library is compared with the oracle by its debug file.
func TestLibcLikeLLVM(t *testing.T) {
	notShort(t)
	const libc = "/lib/x86_64-linux-gnu/libc.so.6"
	debug := symindex.DebugFile(libc)
	if debug == "" {
		t.Skip("the debug file of libc is not installed")
	}
	share, kinds := compareToOracle(t, libc, debug, 10000, symindex.Options{})
	t.Logf("%.3f %% equal: %v", 100*share, kinds)
	if share < wantShare {
		t.Errorf("%.3f %% equal, want %.1f", 100*share, 100*wantShare)
	}
}

// A Go program: its own text is left out, its C is found behind 100 Go units.
func TestGoProgramLikeLLVM(t *testing.T) {
	notShort(t)
	path := filepath.Join(t.TempDir(), "demo")
	cmd := exec.Command("go", "build", "-o", path, "github.com/epitaph-go/epitaph/cmd/crashdemo")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	share, kinds := compareToOracle(t, path, path, 10000, symindex.Options{Exclude: goText(t, path)})
	t.Logf("%.3f %% equal: %v", 100*share, kinds)
	if share < wantShare {
		t.Errorf("%.3f %% equal, want %.1f", 100*share, 100*wantShare)
	}
}

// goText is where runtime.text and runtime.etext are.
func goText(t testing.TB, path string) symindex.Range {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	var r symindex.Range
	for _, s := range symbols {
		switch s.Name {
		case "runtime.text":
			r.Start = s.Value
		case "runtime.etext":
			r.End = s.Value
		}
	}
	if r.Start == 0 || r.End <= r.Start {
		t.Fatal("no Go text found")
	}
	return r
}

func TestRustLikeLLVM(t *testing.T) {
	notShort(t)
	if _, err := exec.LookPath("rustc"); err != nil {
		t.Skip("rustc is not installed")
	}
	builds := [][]string{{"-O", "-Csymbol-mangling-version=v0"}}
	if os.Getenv("EPITAPH_MATRIX") == "full" {
		builds = append(builds, []string{"-O"}, []string{"-O", "-Clto=fat", "-Ccodegen-units=1"})
	}
	for _, flags := range builds {
		path := filepath.Join(t.TempDir(), "shop")
		cmd := exec.Command("rustc", append(flags, "-g", "-o", path, "testdata/cases/shop.rs")...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		share, kinds := compareToOracle(t, path, path, 10000, symindex.Options{})
		t.Logf("%v: %.3f %% equal: %v", flags, 100*share, kinds)
		if share < wantShare {
			t.Errorf("%v: %.3f %% equal, want %.1f", flags, 100*share, 100*wantShare)
		}
	}
}

// EPITAPH_SYMBOLS_FILE names any other file to be compared, EPITAPH_SYMBOLS_DEBUG the one with its
// debug information, which then is searched by the build id under its directory ("usr/lib/debug").
func TestFileLikeLLVM(t *testing.T) {
	path := os.Getenv("EPITAPH_SYMBOLS_FILE")
	if path == "" {
		t.Skip("EPITAPH_SYMBOLS_FILE is not set")
	}
	debug := cmp.Or(os.Getenv("EPITAPH_SYMBOLS_DEBUG"), path)
	opts := symindex.Options{Budget: 256 << 20}
	if root, _, found := strings.Cut(debug, "/.build-id/"); found {
		opts.DebugDirs = []string{root}
	}
	share, kinds := compareToOracle(t, path, debug, 10000, opts)
	t.Logf("%.3f %% equal: %v", 100*share, kinds)
	if share < wantShare {
		t.Errorf("%s: %.3f %% equal, want %.1f", path, 100*share, 100*wantShare)
	}
}

package symindex_test

import (
	"debug/dwarf"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/symindex"
)

// benchFile is what EPITAPH_SYMBOLS_FILE names, or crashdemo, which has as much Go
// as C.
func benchFile(b *testing.B) (path string, size int64) {
	b.Helper()
	path = os.Getenv("EPITAPH_SYMBOLS_FILE")
	if path == "" {
		path = filepath.Join(b.TempDir(), "demo")
		cmd := exec.Command("go", "build", "-o", path, "github.com/epitaph-go/epitaph/cmd/crashdemo")
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
	return path, dwarfSize(b, path)
}

func dwarfSize(b *testing.B, path string) (size int64) {
	b.Helper()
	f, err := elf.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for _, s := range f.Sections {
		if strings.HasPrefix(s.Name, ".debug_") {
			size += int64(s.Size)
		}
	}
	return size
}

func BenchmarkBuild(b *testing.B) {
	path, size := benchFile(b)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		result, err := symindex.Build(path, symindex.Options{Budget: 256 << 20})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(100*float64(len(result.Data))/float64(size), "%ofDWARF")
		result.Free()
	}
}

// BenchmarkDebugDWARF does no more than visit each entry.
func BenchmarkDebugDWARF(b *testing.B) {
	path, size := benchFile(b)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		f, err := elf.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		d, err := f.DWARF()
		if err != nil {
			b.Fatal(err)
		}
		visit(b, d)
		f.Close()
	}
}

func visit(b *testing.B, d *dwarf.Data) {
	for r := d.Reader(); ; {
		e, err := r.Next()
		if err != nil {
			b.Fatal(err)
		}
		if e == nil {
			return
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	path, _ := benchFile(b)
	index, _ := buildBlock(b, path, symindex.Options{Budget: 256 << 20})
	pcs := randomPCs(b, path, 10000, symindex.Range{})
	frames, _, _ := index.Lookup(pcs[0], nil)
	i := 0
	for b.Loop() {
		frames, _, _ = index.Lookup(pcs[i%len(pcs)], frames[:0])
		i++
	}
}

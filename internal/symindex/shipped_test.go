package symindex_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/symindex"
	"github.com/epitaph-go/epitaph/internal/symindex/block"
)

// sealed is the block of a file, as it is shipped, and the file's build-id.
func sealed(t testing.TB, path string) (data, id []byte) {
	t.Helper()
	b, result := buildBlock(t, path, symindex.Options{Rebuild: true})
	data = bytes.Clone(result.Data)
	block.Seal(data)
	return data, b.BuildID()
}

// stripped is a copy of lines.elf without line information, alone in a
// directory.
func stripped(t testing.TB) string {
	t.Helper()
	if _, err := exec.LookPath("objcopy"); err != nil {
		t.Skip(err)
	}
	path := filepath.Join(t.TempDir(), "lines.so")
	if out, err := exec.Command("objcopy", "--strip-all", linesELF, path).CombinedOutput(); err != nil {
		t.Fatalf("objcopy: %v\n%s", err, out)
	}
	return path
}

func put(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestShippedBlock(t *testing.T) {
	data, id := sealed(t, linesELF)
	path, other := stripped(t), t.TempDir()
	if b, _ := buildBlock(t, path, symindex.Options{}); b.Flags()&block.Rows != 0 {
		t.Fatal("it has lines before anything is shipped")
	}
	name := hex.EncodeToString(id)
	embedded := filepath.Join(t.TempDir(), "embedded.so")
	put(t, embedded+".data", data)
	if out, err := exec.Command("objcopy", "--add-section", ".episym="+embedded+".data", path, embedded).CombinedOutput(); err != nil {
		t.Fatalf("objcopy: %v\n%s", err, out)
	}
	for _, c := range []struct{ name, module, file string }{
		{"beside the module", path, path + ".episym"},
		{"by the build-id", path, filepath.Join(other, ".build-id", name[:2], name[2:]+".episym")},
		{"by the name", path, filepath.Join(other, "lines.so.episym")},
		{"in a section", embedded, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.file != "" {
				put(t, c.file, data)
				defer os.Remove(c.file)
			}
			for _, namesOnly := range []bool{false, true} {
				_, result := buildBlock(t, c.module, symindex.Options{BuildID: id, DebugDirs: []string{other}, NamesOnly: namesOnly})
				if !bytes.Equal(result.Data, data) || result.Problem != nil {
					t.Errorf("not the block that was shipped: %d bytes, %v", len(result.Data), result.Problem)
				}
			}
		})
	}
}

// A module whose file is on another machine is known by its block alone.
func TestShippedBlockWithoutItsFile(t *testing.T) {
	data, id := sealed(t, linesELF)
	dir := t.TempDir()
	put(t, filepath.Join(dir, "lines.elf.episym"), data)
	result, err := symindex.BuildByID("/nowhere/lines.elf", symindex.Options{BuildID: id, Budget: 1 << 20, DebugDirs: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	defer result.Free()
	if !bytes.Equal(result.Data, data) {
		t.Error("another block")
	}
}

// What is damaged is reported, and the module's own symbols stand in.
func TestUselessSidecars(t *testing.T) {
	data, id := sealed(t, linesELF)
	path := stripped(t)
	at := path + ".episym"
	damaged := bytes.Clone(data)
	damaged[len(damaged)/2] ^= 1
	foreign := bytes.Clone(data)
	foreign[60] ^= 1
	block.Seal(foreign)
	names, _ := symindex.Build(linesELF, symindex.Options{NamesOnly: true, Budget: 1 << 20})
	defer names.Free()
	block.Seal(names.Data)
	for _, c := range []struct {
		name, want string
		make       func()
	}{
		{"damaged", "checksum", func() { put(t, at, damaged) }},
		{"of another build", "of the build-id", func() { put(t, at, foreign) }},
		{"cut short", "sizes", func() { put(t, at, data[:len(data)-1]) }},
		{"empty", "no block", func() { put(t, at, nil) }},
		{"with names for a moment", "names only", func() { put(t, at, names.Data) }},
		{"over the budget", "full", func() { put(t, at, append(bytes.Clone(data), make([]byte, 1<<20)...)) }},
		{"a device", "regular", func() {
			if err := os.Symlink(os.DevNull, at); err != nil {
				t.Fatal(err)
			}
		}},
		{"a directory", "regular", func() {
			if err := os.Mkdir(at, 0o700); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.make()
			defer os.Remove(at)
			b, result := buildBlock(t, path, symindex.Options{BuildID: id, Budget: 1 << 20})
			if result.Problem == nil || !strings.Contains(result.Problem.Error(), c.want) || !strings.Contains(result.Problem.Error(), at) {
				t.Errorf("the problem is %v, want one with %q", result.Problem, c.want)
			}
			if b.Flags()&block.Rows != 0 || b.Parts() == 0 {
				t.Errorf("flags %x, %d parts", b.Flags(), b.Parts())
			}
		})
	}
}

func TestGoFacts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "demo")
	cmd := exec.Command("go", "build", "-o", path, "github.com/epitaph-go/epitaph/cmd/crashdemo")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, source, err := symindex.GoFacts(path, nil)
	if err != nil || text != goText(t, path) {
		t.Errorf("Go's text at %x, want %x: %v", text, goText(t, path), err)
	}
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.TrimSpace(string(out)) + "/src/"; source != want {
		t.Errorf("Go's files are in %q, want %q", source, want)
	}
	if text, source, err = symindex.GoFacts(linesELF, nil); err != nil || source != "" || text != (symindex.Range{}) {
		t.Errorf("of a C library: %x %q %v", text, source, err)
	}
}

// A sidecar can be anybody's work, with a checksum that fits: its look-ups end, and stay
// inside of it.
func FuzzSidecar(f *testing.F) {
	data, id := sealed(f, linesELF)
	f.Add(data, uint64(0x1000))
	f.Add(data[:200], uint64(0))
	path := filepath.Join(f.TempDir(), "x.episym")
	f.Fuzz(func(t *testing.T, data []byte, pc uint64) {
		data = bytes.Clone(data)
		if len(data) > 96 {
			// Else nearly all would end at the header.
			copy(data[8:16], []byte{byte(len(data)), byte(len(data) >> 8), byte(len(data) >> 16), 0, 0, 0, 0, 0})
			data[56] = byte(copy(data[57:], id))
			block.Seal(data)
		}
		put(t, path, data)
		result, err := symindex.ReadSidecar(path, id, 1<<20)
		if err != nil {
			return
		}
		defer result.Free()
		b, err := block.Parse(result.Data)
		if err != nil {
			t.Fatal(err)
		}
		pcs := []uint64{pc}
		for i := range min(b.Parts(), 64) {
			at := b.Part(i)
			pcs = append(pcs, at, at+1, at+pc%4096)
		}
		for _, pc := range pcs {
			if frames, start, ok := b.Lookup(pc, nil); ok && (start > pc || len(frames) == 0 || len(frames) > len(data)) {
				t.Fatalf("0x%x: %d frames from 0x%x", pc, len(frames), start)
			}
		}
	})
}

//go:build linux

package main

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ok runs a command that must succeed in silence.
func ok(t *testing.T, args ...string) {
	t.Helper()
	if o := epitaph("", args...); o.status != 0 || o.stderr != "" {
		t.Fatalf("epitaph %q: status %d: %s", args, o.status, o.stderr)
	}
}

func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(err)
	}
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

const source = `
int inner(int x) { return x * 3; }
int outer(int x) { return inner(x) + 1; }
int main(void) { return outer(13) - 40; }
`

// compiled is a C program in a directory of its own.
func compiled(t *testing.T, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "a.c"), filepath.Join(dir, "a")
	if err := os.WriteFile(in, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "cc", append(args, "-o", out, in)...)
	return out
}

// What cannot be indexed is refused with the reason, and leaves no file behind.
func TestIndexRefuses(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no program"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ file, want string }{
		{text, "not an ELF file"},
		{compiled(t), "it has no debug information"},
		{compiled(t, "-g", "-Wl,--build-id=none"), "it has no build-id"},
	} {
		o := epitaph("", "index", c.file)
		if o.status != exitFailure || !strings.Contains(o.stderr, c.want) || !strings.Contains(o.stderr, c.file) {
			t.Errorf("%s: status %d, %q, want %q", c.file, o.status, o.stderr, c.want)
		}
		if left, _ := filepath.Glob(c.file + "*.episym*"); len(left) != 0 {
			t.Errorf("it leaves %q", left)
		}
	}
}

// sections are the section headers, by name.
func sections(t *testing.T, path string) map[string]elf.SectionHeader {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := make(map[string]elf.SectionHeader)
	for _, s := range f.Sections {
		all[s.Name] = s.SectionHeader
		if s.Type != elf.SHT_NOBITS {
			if _, err := s.Data(); err != nil {
				t.Errorf("%s: %s: %v", path, s.Name, err)
			}
		}
	}
	return all
}

// A file with a block runs as before, has all that it had, and keeps the block when it is
// stripped. Once more, and there is still one block.
func TestEmbed(t *testing.T) {
	path := compiled(t, "-g", "-O1")
	before := sections(t, path)
	copied := path + ".copy"
	ok(t, "index", "-embed", path, "-o", copied)
	if _, there := sections(t, path)[".episym"]; there {
		t.Error("with -o, the file itself was changed")
	}
	ok(t, "index", path, "-embed")
	ok(t, "index", path, "-embed")
	for _, file := range []string{path, copied} {
		after := sections(t, file)
		if len(after) != len(before)+1 || after[".episym"].Size == 0 {
			t.Errorf("%d sections, .episym %+v", len(after), after[".episym"])
		}
		for name, s := range before {
			if now := after[name]; name != ".shstrtab" && now != s {
				t.Errorf("%s: %+v, was %+v", name, now, s)
			}
		}
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm()&0o100 == 0 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		tool(t, "strip", file)
		bare := sections(t, file)
		if bare[".episym"].Size != after[".episym"].Size || bare[".debug_info"].Size != 0 {
			t.Errorf("stripped: %+v", bare)
		}
		tool(t, file)
	}
}

// A sidecar of a file that was stripped before, by its debug file, is the same.
func TestIndexByDebugFile(t *testing.T) {
	path := compiled(t, "-g", "-O1", "-Wl,--build-id=0x11223344556677")
	dir := t.TempDir()
	debug := filepath.Join(dir, ".build-id", "11", "223344556677.debug")
	if err := os.MkdirAll(filepath.Dir(debug), 0o700); err != nil {
		t.Fatal(err)
	}
	want, got := path+".episym", filepath.Join(dir, "again")
	ok(t, "index", path)
	tool(t, "objcopy", "--only-keep-debug", path, debug)
	tool(t, "strip", path)
	ok(t, "index", path, "-debug", dir, "-o", got)
	a, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(got)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("%d bytes, want %d", len(b), len(a))
	}
}

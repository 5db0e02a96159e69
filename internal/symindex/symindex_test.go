package symindex_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/symindex"
)

const source = `
static __attribute__((noinline)) int hidden(int x) { return x * 3; }
int visible(int x) { return hidden(x) + 1; }
int main(void) { return visible(0); }
`

func compile(t *testing.T, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "a.c"), filepath.Join(dir, "a")
	if err := os.WriteFile(in, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	if msg, err := exec.Command(cc, append(args, "-o", out, in)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	return out
}

// find is where a function begins and how large it is.
func find(t *testing.T, file string, opts symindex.Options, name string) (start, size uint32, found bool) {
	t.Helper()
	b, _ := buildBlock(t, file, opts)
	for i := range b.Parts() {
		at := b.Part(i)
		frames, _, ok := b.Lookup(at, nil)
		if !ok || frames[len(frames)-1].Func != name {
			continue
		}
		for {
			_, first, ok := b.Lookup(at+uint64(size), nil)
			if !ok || first != at {
				return uint32(at), size, true
			}
			size++
		}
	}
	return 0, 0, false
}

func TestStaticAndGlobalFunctionsAgreeWithNm(t *testing.T) {
	file := compile(t, "-O1")
	out, err := exec.Command("nm", "-S", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"hidden", "visible", "main"} {
		start, size, ok := find(t, file, symindex.Options{}, name)
		if !ok {
			t.Errorf("%s is not in the block", name)
			continue
		}
		var want string
		for line := range strings.Lines(string(out)) {
			if f := strings.Fields(line); len(f) == 4 && f[3] == name {
				want = f[0] + " " + f[1]
			}
		}
		if got := hex16(start) + " " + hex16(size); got != want {
			t.Errorf("%s: %s, nm has %s", name, got, want)
		}
	}
}

func hex16(v uint32) string {
	const digits = "0123456789abcdef"
	b := bytes.Repeat([]byte{'0'}, 16)
	for i := 15; v != 0; i, v = i-1, v>>4 {
		b[i] = digits[v&15]
	}
	return string(b)
}

func TestExcludedRangeIsLeftOut(t *testing.T) {
	file := compile(t)
	start, size, _ := find(t, file, symindex.Options{}, "hidden")
	opts := symindex.Options{Exclude: symindex.Range{Start: uint64(start), End: uint64(start + size)}}
	if _, _, ok := find(t, file, opts, "hidden"); ok {
		t.Error("hidden is in the block")
	}
	if _, _, ok := find(t, file, opts, "visible"); !ok {
		t.Error("visible is not in the block")
	}
}

func TestErrorsNameTheFile(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("no ELF file"), 0o600); err != nil {
		t.Fatal(err)
	}
	stripped := compile(t, "-s", "-static")
	for name, c := range map[string]struct {
		path   string
		budget int
	}{
		"missing":     {filepath.Join(dir, "missing"), 1 << 20},
		"not ELF":     {text, 1 << 20},
		"stripped":    {stripped, 1 << 20},
		"over budget": {compile(t), 64},
	} {
		if _, err := symindex.Build(c.path, symindex.Options{Budget: c.budget}); err == nil {
			t.Errorf("%s: no error", name)
		} else if !strings.HasPrefix(err.Error(), "symindex: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEHFrameAgreesWithReadelf(t *testing.T) {
	file := compile(t, "-static")
	got, err := symindex.EHFrame(file)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("readelf", "-SW", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if _, rest, ok := strings.Cut(line, " .eh_frame "); ok {
			if want := strings.Fields(rest)[1]; want != hex16(uint32(got.Start)) {
				t.Errorf("start %s, readelf has %s", hex16(uint32(got.Start)), want)
			}
			return
		}
	}
	t.Fatal("readelf shows no .eh_frame")
}

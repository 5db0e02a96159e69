package crashtest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

func TestEndsWith(t *testing.T) {
	for _, c := range []struct {
		name, pattern string
		want          bool
	}{
		{"example.com/dec.Decode", "Decode", true}, {"example.com/dec.Decode", "dec.Decode", true},
		{"example.com/dec.Decode", "example.com/dec.Decode", true}, {"example.com/dec.Decode", "code", false},
		{"dec.(*T).next", "(*T).next", true}, {"dec.(*T).next", "next", true}, {"dec.(*T).next", "(*U).next", false},
		{"ns::Table::at", "at", true}, {"ns::Table::at", "Table::at", true}, {"copy_plane", "copy_*", true},
		{"copy_plane", "*plane", true}, {"copy_plane", "c*p*e", true}, {"copy_plane", "c*x*e", false}, {"copy_plane", "*", true},
		{"", "*", false}, {"aa", "a*a*a", false}, {"/src/dec/decode.c", "decode.c", true}, {"/src/dec/decode.c", "dec/decode.c", true},
		{"/src/undecode.c", "decode.c", false},
	} {
		if got := endsWith(c.name, c.pattern); got != c.want {
			t.Errorf("%q, %q: %v", c.name, c.pattern, got)
		}
	}
}

func TestParsePattern(t *testing.T) {
	p, err := parsePattern(`
		SIGSEGV: write through
		copy_plane  decode.c:17 (inlined)
		each[...]
		ns::f(int) const   a.cc
		clone.cold
		(*T[...]).m.func1
		(anonymous namespace)::g(int)
		...
		dec.TestX.func12   *.go
	`, false)
	if err != nil {
		t.Fatal(err)
	}
	if p.what != "SIGSEGV" || p.why != "write through" || len(p.items) != 8 {
		t.Fatalf("%+v", p)
	}
	var got []string
	for _, it := range p.items {
		s := it.function + "|" + it.file
		if it.any {
			s = "..."
		}
		got = append(got, s)
	}
	want := []string{"copy_plane|decode.c", "each|", "ns::f|a.cc", "clone|", "(*T).m.func|", "(anonymous namespace)::g|", "...", "dec.TestX.func|*.go"}
	if !slices.Equal(got, want) || p.items[0].line != 17 || !p.items[0].inlined || p.items[1].inlined {
		t.Errorf("%q, want %q", got, want)
	}
	for text, message := range map[string]string{"SEGV": "begins with", "copy_plane": "begins with", "SIGSEGV\n(inlined)": "", "ok\nf a.c:99999999999999999999": "line number"} {
		if _, err := parsePattern(text, false); message != "" && (err == nil || !strings.Contains(err.Error(), message)) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A stack of names; one with a question mark may be left out of a pattern.
func stackOf(names string) (stack []frame) {
	for name := range strings.FieldsSeq(names) {
		name, optional := strings.CutPrefix(name, "?")
		stack = append(stack, frame{Frame: report.Frame{Func: name}, function: name, optional: optional})
	}
	return stack
}

func TestAlign(t *testing.T) {
	for _, c := range []struct {
		pattern, stack, marks string
		lines                 bool
	}{
		{"a b c", "a b c", "   ", true}, {"a ... c", "a b b c", " .. ", true}, {"a ... c", "a c", "  ", true},
		{"...", "a b", "..", true}, {"... c ...", "a b c d", ".. .", true}, {"a b", "a b c", "  +", true}, {"a b c", "a c", " - ", true},
		{"b", "?a b", ". ", true}, {"a b", "?a b", "  ", true}, {"x b", "a b", "+- ", true}, {"", "", "", true},
		{"b ... d", "a x b c d", "-.... ", true}, {"a x~ b", "a b", " - ", true}, {"a x~ b", "a b", "  ", false},
		{"p d ... e", "n d e", "+-  ", true}, // rather than let ... take d
	} {
		var items []item
		for line := range strings.FieldsSeq(c.pattern) {
			name, inlined := strings.CutSuffix(line, "~")
			items = append(items, item{any: name == anyCalls, function: name, inlined: inlined, text: name})
		}
		entries, differences := align(items, stackOf(c.stack), c.lines)
		marks, wanted := "", 0
		for _, e := range entries {
			marks += string(e.mark)
		}
		sorted := func(s string) string { b := []byte(s); slices.Sort(b); return string(b) }
		wanted = strings.Count(c.marks, "+") + strings.Count(c.marks, "-")
		if sorted(marks) != sorted(c.marks) || differences != wanted {
			t.Errorf("%q, %q: %q with %d differences, want %q", c.pattern, c.stack, marks, differences, c.marks)
		}
	}
}

func TestStable(t *testing.T) {
	for why, want := range map[string]string{
		"write to 0x0000000000000008, in the first page: a NULL pointer + 8": "write to *, in the first page: a NULL pointer + 8",
		"dec.test: decode.c:36: check: Assertion `n > 0' failed.":            "decode.c:*: Assertion `n > 0' failed.",
		"d: ../a/b.c:36: void check(int): Assertion `n > 0' failed.":         "b.c:*: Assertion `n > 0' failed.",
		"sent by process 31337 (\"kill\", user 0)\nmore":                     "sent by process * (\"kill\", user *)",
		"double free or corruption (!prev)":                                  "double free",
		"free(): double free detected in tcache 2":                           "double free",
		"free(): invalid next size (normal)":                                 "free(): invalid next size",
		"execution of 0x4a3010, in memory that is not executable (/tmp/x/a)": "execution of *, in memory that is not executable (*)",
		"read of 0x1, past its end, or not provided (/memfd:a (deleted))":    "read of *, past its end, or not provided (*)",
		"write to 0x1, 304 bytes below the thread's stack of 8192 KiB":       "write to *, * bytes below the thread's stack of * KiB",
	} {
		got := stable(why)
		if got != want {
			t.Errorf("%q: %q, want %q", why, got, want)
		}
		if !contains(firstLine(why), got) && !strings.Contains(got, "Assertion") {
			t.Errorf("%q does not fit %q", got, why)
		}
	}
	// A pattern that was written with the function still fits.
	if why := "dec.test: decode.c:36: check: Assertion `n > 0' failed."; !contains(why, "decode.c:*: Assertion `n > 0' failed.") {
		t.Errorf("%q", why)
	}
}

func TestFoldRecursion(t *testing.T) {
	for calls, want := range map[string]string{
		"": "", "a b c": "a b c", "a a b": "a ... b", "a b a b a b a c": "a b ... a c", "f a a a a g g h": "f a ... g ... h",
		"a b a c a b": "a b a c a b",
	} {
		if got := strings.Join(foldRecursion(strings.Fields(calls)), " "); got != want {
			t.Errorf("%q: %q, want %q", calls, got, want)
		}
	}
}

func TestCorpusInput(t *testing.T) {
	for text, want := range map[string]string{
		"go test fuzz v1\n[]byte(\"a\\x00\")\n": "a\x00", "go test fuzz v1\nstring(`b)`)": "b)", "raw\n": "raw\n", "": "",
		"go test fuzz v1\n[]byte(\"a\")\nint(1)\n": "error", "go test fuzz v1\nint(1)\n": "error", "go test fuzz v1\n[]byte(a)": "error",
	} {
		got, err := corpusInput([]byte(text))
		if want == "error" && err == nil || want != "error" && (err != nil || string(got) != want) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func TestReadKnown(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "known")
	if known, err := readKnown(file); err != nil || len(known) > 0 {
		t.Errorf("without a file: %v, %v", known, err)
	}
	if err := os.WriteFile(file, []byte("# why\n\n1:0123 issue 7\n  1:4567\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if known, err := readKnown(file); err != nil || len(known) != 2 || !known["1:0123"] || !known["1:4567"] {
		t.Errorf("%v, %v", known, err)
	}
	if _, err := readKnown(dir); err == nil {
		t.Error("a directory was read")
	}
}

func TestModules(t *testing.T) {
	list := modules("00400000-00401000 r--p 00000000 00:1f 7 /no/such/a b\n00401000-00500000 r-xp 00001000 00:1f 7 /no/such/a b\n" +
		"7f00-7f01 r--p 00000000 00:1f 8 /no/data\n7fff0000-7fff1000 r-xp 00000000 00:00 0 [vdso]\nnonsense\n\n")
	if len(list) != 1 || list[0].Path != "/no/such/a b" || list[0].Start != 0x400000 || list[0].End != 0x500000 {
		t.Errorf("%+v", list)
	}
}

func TestRunPattern(t *testing.T) {
	if got, want := runPattern("TestA/b_(c|d)/#01"), `^TestA$/^b_\(c\|d\)$/^#01$`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

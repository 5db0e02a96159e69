package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const header = `
#ifndef H
#define H
#define EPI_SAFE
typedef unsigned long size_t;
struct thing { void (*run)(int); int (*table[2])(void); int field; };
EPI_SAFE int epi_good(int x);
int epi_bad(int x);
void *memcpy(void *, const void *, size_t);
int strlen(const char *);
static inline EPI_SAFE int epi_inline(int x) { return x; }
#define CALLS_GOOD(x) epi_good((x) + 1)
#define CALLS_BAD(x) \
    epi_bad(x)
#endif
`

// lint runs the checks over a header and one C file of these lines, which are
// numbered from 1 behind the include.
func lint(t *testing.T, objects bool, source string) []string {
	t.Helper()
	dir := t.TempDir()
	h, c := filepath.Join(dir, "h.h"), filepath.Join(dir, "c.c")
	if err := os.WriteFile(h, []byte(header), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c, []byte("#include \"h.h\"\n"+source), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "x.go"), []byte("// #cgo CFLAGS: -O2\n// #cgo other CFLAGS: -Wrong\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	findings, err := run([]string{c, h}, objects)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range findings {
		got = append(got, fmt.Sprintf("%d: %s", f.line-1, f.text))
	}
	return got
}

func TestSource(t *testing.T) {
	for _, test := range []struct {
		name, source string
		want         []string // "line: part of the text"
	}{
		{"safe calls safe", "EPI_SAFE int f(int x)\n{\n    return epi_good(epi_inline(x));\n}", nil},
		{"unsafe calls anything", "int f(int x)\n{\n    return epi_bad(strlen(\"\"));\n}", nil},
		{"unmarked of the core", "EPI_SAFE int f(int x)\n{\n    return epi_bad(x);\n}", []string{"3: calls epi_bad"}},
		{"libc", "EPI_SAFE int f(int x)\n{\n\n    return x + strlen(\"\");\n}", []string{"4: calls strlen"}},
		{"not declared", "EPI_SAFE int f(int x)\n{\n    return puts(\"\");\n}", []string{"3: calls puts"}},
		{"static of this file", "static int g(void) { return 1; }\nEPI_SAFE int f(int x)\n{\n    return g();\n}", []string{"4: calls g"}},
		{"static and marked", "static EPI_SAFE int g(void) { return 1; }\nEPI_SAFE int f(int x)\n{\n    return g();\n}", nil},
		{"before its definition", "static EPI_SAFE int g(void);\nEPI_SAFE int f(int x)\n{\n    return g();\n}\nstatic EPI_SAFE int g(void) { return 1; }", nil},
		{"macro, good", "EPI_SAFE int f(int x)\n{\n    return CALLS_GOOD(x);\n}", nil},
		{"macro, bad", "EPI_SAFE int f(int x)\n{\n    return CALLS_BAD(x);\n}", []string{"3: calls epi_bad"}},
		{"macro without arguments", "#define VALUE strlen(\"\")\nEPI_SAFE int f(int x)\n{\n    return VALUE;\n}", []string{"4: calls strlen"}},
		{"two macros of one name", "#define N (1)\n#define N (2)\nEPI_SAFE int f(int x)\n{\n    return N;\n}", nil},
		{"macro that renames", "#define LENGTH strlen\nEPI_SAFE int f(int x)\n{\n    return LENGTH(\"\");\n}", nil}, // seen by the object check
		{"in a condition", "EPI_SAFE int f(int x)\n{\n    if (epi_bad(x)) while (epi_bad(2)) ;\n    return sizeof(x);\n}", []string{"3: calls epi_bad", "3: calls epi_bad"}},
		{"in a comment", "EPI_SAFE int f(int x)\n{\n    /* epi_bad(1) */ // strlen(2)\n    return 1; /* a\n b */\n}", nil},
		{"in a string", "EPI_SAFE const char *f(int x)\n{\n    return \"epi_bad(\\\"1\\\")\" \"{\";\n}", nil},
		{"in a character", "EPI_SAFE int f(int x)\n{\n    return '\"' + epi_bad(1) + '\\'';\n}", []string{"3: calls epi_bad"}},
		{"lines after a comment", "/* one\n two\n */\nEPI_SAFE int f(int x)\n{\n    return epi_bad(1);\n}", []string{"6: calls epi_bad"}},
		{"cast", "EPI_SAFE int f(int x)\n{\n    return (int)(long)(x) + *(const struct thing *)(long)x.field + (unsigned char)(x);\n}", nil},
		{"member", "EPI_SAFE int f(struct thing *x)\n{\n    x->run(1);\n    return 1;\n}", []string{"3: through the pointer run"}},
		{"member, excused", "EPI_SAFE int f(struct thing *x)\n{\n    x->run(1); /* EPI_SAFE: all of them are */\n    return 1;\n}", nil},
		{"member, excused above", "EPI_SAFE int f(struct thing *x)\n{\n    /* EPI_SAFE: all of\n     * them are */\n    x->run(1);\n    x->run(2);\n    return 1;\n}", []string{"6: through the pointer run"}},
		{"dereferenced", "EPI_SAFE int f(struct thing *x)\n{\n    (*x->run)(1);\n    return 1;\n}", []string{"3: through a pointer"}},
		{"subscript", "EPI_SAFE int f(struct thing *x)\n{\n    x->table[1]();\n    return 1;\n}", []string{"3: through a pointer"}},
		{"cast to a function", "EPI_SAFE int f(unsigned long x)\n{\n    return ((int (*)(void))x)();\n}", []string{"3: through a pointer"}},
		{"cast to a function, excused", "EPI_SAFE int f(unsigned long x)\n{\n    /* EPI_SAFE: why */\n    return ((size_t (*)(void))x)();\n}", nil},
		{"parameter", "EPI_SAFE int f(int (*g)(int))\n{\n    return g(1);\n}", []string{"3: calls g"}},
		{"parameter, excused", "EPI_SAFE int f(int (*g)(int))\n{\n    return g(1); /* EPI_SAFE: callers pass only such */\n}", nil},
		{"an excuse is for pointers", "EPI_SAFE int f(int x)\n{\n    return epi_bad(1); /* EPI_SAFE: no */\n}", []string{"3: calls epi_bad"}},
		{"errno", "EPI_SAFE int f(int x)\n{\n    return errno;\n}", []string{"3: uses errno"}},
		{"thread-local", "EPI_SAFE int f(int x)\n{\n    static _Thread_local int y;\n    return y;\n}", []string{"3: uses _Thread_local"}},
		{"builtin", "EPI_SAFE int f(int x)\n{\n    return __builtin_ctz(x) + __atomic_load_n(&x, 1);\n}", nil},
		{"asm", "EPI_SAFE int f(int x)\n{\n    __asm__ volatile(\"nop\" : \"+r\"(x) : : \"memory\");\n    return x;\n}", nil},
		{"mark only in the header", "int epi_good(int x)\n{\n    return x;\n}\nEPI_SAFE int g(int x) { return x; }", []string{"1: epi_good has the mark EPI_SAFE elsewhere"}},
		{"attributes", "__attribute__((noinline)) EPI_SAFE static int f(int x)\n{\n    return epi_bad(x);\n}", []string{"3: calls epi_bad"}},
		{"initialisers", "static const struct thing t = { .run = 0, .table = { 0 } };\nenum { A, B };\nEPI_SAFE int f(int x)\n{\n    return epi_bad(x);\n}", []string{"5: calls epi_bad"}},
		{"conditional code", "EPI_SAFE int f(int x)\n{\n#ifdef SOMETHING\n    return epi_bad(x);\n#else\n    return epi_good(x);\n#endif\n}", []string{"4: calls epi_bad"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := lint(t, false, test.source)
			if len(got) != len(test.want) {
				t.Fatalf("findings:\n%s\nwant %q", strings.Join(got, "\n"), test.want)
			}
			for i, want := range test.want {
				line, text, _ := strings.Cut(want, ": ")
				if !strings.HasPrefix(got[i], line+":") || !strings.Contains(got[i], text) {
					t.Errorf("finding %q, want %q", got[i], want)
				}
			}
		})
	}
}

func TestObjects(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("no gcc")
	}
	t.Setenv("CC", "gcc")
	for _, test := range []struct {
		name, source, want string
	}{
		{"clean", "EPI_SAFE int f(int x) { return epi_good(x); }", ""},
		{"data of the core", "int data = 1;\nextern int data;\nEPI_SAFE int *f(int x) { return &data; }", ""},
		{"libc without the mark", "EPI_SAFE int f(int x) { return x; }\nint g(const char *s) { return strlen(s); }", ""},
		{
			"a structure becomes memcpy",
			"struct big { char bytes[100000]; };\n" +
				"EPI_SAFE void f(struct big *a, const struct big *b) { *a = *b; }",
			"needs memcpy",
		},
		{
			"a loop becomes memset",
			"EPI_SAFE void f(char *a, int n)\n{\n    for (int i = 0; i < n; i++)\n        a[i] = 0;\n}\n",
			"needs memset",
		},
		{"renamed by a macro", "#define LENGTH strlen\nEPI_SAFE int f(const char *s) { return LENGTH(s); }", "needs strlen"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := strings.Join(lint(t, true, test.source), "\n")
			if test.want == "" && got != "" || !strings.Contains(got, test.want) {
				t.Errorf("findings %q, want %q", got, test.want)
			}
		})
	}
}

// A file that cannot be followed is an error, and so is one without a single
// safe function: nothing would have been checked.
func TestErrors(t *testing.T) {
	for _, source := range []string{"EPI_SAFE int f(void) { ", "}", "int f(void) { return 1; }"} {
		path := filepath.Join(t.TempDir(), "c.c")
		if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := run([]string{path}, false); err == nil {
			t.Errorf("%q: no error", source)
		}
	}
}

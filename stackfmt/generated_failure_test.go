package stackfmt_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// atom is an expression that can fail at run time, in a form that does not and in
// one that does. Where what fails is only a part, marked is that part.
type atom struct{ safe, fails, marked string }

var atoms = []atom{
	{"a[one]", "a[nine]", ""},
	{"len(none[zero:])", "", ""},
	{"len(a[one:])", "len(a[nine:])", "a[nine:]"},
	{"len(a[:one])", "len(a[two:one])", "a[two:one]"},
	{"9 / one", "9 / zero", ""},
	{"9 % two", "9 % zero", ""},
	{"8 / 2", "", ""},
	{"1 << one", "1 << minus", ""},
	{"p.x", "null.x", ""},
	{"p.next.x", "null.next.x", "null.next"},
	{"(*p).x", "(*null).x", "*null"},
	{"ap[one]", "anil[one]", ""},
	{"v.value()", "vnil.value()", "vnil.value"},
	{"p.value()", "null.value()", "null.value"},
	{"e.(int)", "enil.(int)", ""},
	{"f(one)", "fnil(one)", ""},
	{"p.f(one)", "", ""},
	{"global(one)", "", ""},
	{"id(one)", "", ""},
	{"[3]int(a)[one]", "[4]int(a)[one]", "[4]int(a)"},
	{"array(append(a, one))[one]", "array(a)[one]", "array(a)"},
	{"len(make([]int, one))", "len(make([]int, minus))", "make([]int, minus)"},
	{`m["k"]`, "", ""},
	{"len(fmt.Sprint(one))", "", ""},
	{"func() int { return one }()", "", ""},
}

// failureGenerator writes functions that fail in one expression.
type failureGenerator struct {
	rnd  *rand.Rand
	b    strings.Builder
	main strings.Builder
	n    int
}

func (g *failureGenerator) safe() string {
	for {
		if a := atoms[g.rnd.IntN(len(atoms))]; len(a.safe) < 60 {
			return a.safe
		}
	}
}

// sum returns an expression with fail in it, which fails before anything else.
func (g *failureGenerator) sum(fail string) string {
	parts := []string{fail}
	for range g.rnd.IntN(3) {
		if g.rnd.IntN(2) == 0 {
			parts = append([]string{g.safe()}, parts...)
		} else {
			parts = append(parts, g.safe())
		}
	}
	sep := " + "
	if g.rnd.IntN(6) == 0 {
		sep = " +\n\t\t"
	}
	return strings.Join(parts, sep)
}

func (g *failureGenerator) failing() atom {
	for {
		if a := atoms[g.rnd.IntN(len(atoms))]; a.fails != "" {
			if a.marked == "" {
				a.marked = a.fails
			}
			return a
		}
	}
}

const (
	saysIndex = "runtime error: index out of range [9] with length 3"
	saysDeref = "runtime error: invalid memory address or nil pointer dereference"
)

func (g *failureGenerator) function() {
	fmt.Fprintf(&g.b, "func g%d() (r int) {\n\tx := 1\n\t_ = x\n", g.n)
	for g.rnd.IntN(3) == 0 {
		g.b.WriteString([]string{
			"\tdefer func() { x++ }()\n", "\tdefer p.pointer()\n", "\tdefer fmt.Sprint(x)\n", "\tdefer func() { x = id(x) }()\n",
		}[g.rnd.IntN(4)])
	}
	a := g.failing()
	want := a.marked
	run := "run(func() { g%d() }, %q)"
	text := []string{saysIndex, saysDeref, "runtime error: integer divide by zero", "interface conversion: x is int"}[g.rnd.IntN(4)]
	switch k := g.rnd.IntN(22); {
	case k < 6:
		fmt.Fprintf(&g.b, "\tx = %s\n\treturn x\n}\n\n", g.sum(a.fails))
	case k < 8:
		fmt.Fprintf(&g.b, "\treturn %s\n}\n\n", g.sum(a.fails))
	case k == 8:
		fmt.Fprintf(&g.b, "\tif x > 0 && %s > 0 { return %s }\n\treturn x\n}\n\n", g.sum(a.fails), g.safe())
	case k == 9:
		fmt.Fprintf(&g.b, "\tfor %s > 0 {\n\t\tx = %s\n\t}\n\treturn x\n}\n\n", a.fails, g.safe())
	case k == 10:
		want = []string{"mnil[\"k\"]", "closed <- x", "close(closed)", "anil"}[g.rnd.IntN(4)]
		switch want {
		case "mnil[\"k\"]":
			fmt.Fprintf(&g.b, "\tmnil[\"k\"] = %s\n\treturn\n}\n\n", g.safe())
		case "anil":
			fmt.Fprintf(&g.b, "\tfor _, y := range anil { x += y + %s }\n\treturn\n}\n\n", g.safe())
		default:
			fmt.Fprintf(&g.b, "\tx = %s; %s\n\treturn\n}\n\n", g.safe(), want)
		}
	case k < 20:
		run, want = g.panics(k, text)
	case k == 20:
		fmt.Fprintf(&g.b, "\tx = func() int { return %s }() + %s\n\treturn x\n}\n\n", g.sum(a.fails), g.safe())
	default:
		fmt.Fprintf(&g.b, "\tq := &node{}\n\tx, q.x = %s, %s\n\treturn x\n}\n\n", a.fails, g.safe())
	}
	fmt.Fprintf(&g.main, "\t"+run+"\n", g.n, want)
	g.n++
}

// panics writes the rest of a function that panics itself, or of one that returns an
// error with the text of a run-time error.
func (g *failureGenerator) panics(k int, text string) (run, want string) {
	run = "run(func() { g%d() }, %q)"
	switch k {
	case 11:
		want = fmt.Sprintf("panic(say(%q, %s))", text, g.safe())
		fmt.Fprintf(&g.b, "\t%s\n}\n\n", want)
	case 12:
		want = "panic(stored)"
		fmt.Fprintf(&g.b, "\tif %s >= 0 { panic(stored) }\n\treturn\n}\n\n", g.sum(g.safe()))
	case 13:
		want = "panic(errs[one])"
		fmt.Fprintf(&g.b, "\tpanic(errs[one])\n}\n\n")
	case 14:
		want = "panic(r)"
		fmt.Fprintf(&g.b, "\tdefer func() { r := recover(); x = %s; if a[one] > 0 { panic(r) } }()\n\treturn a[nine]\n}\n\n", g.safe())
	case 15:
		// A deferred nil function fails on the line of the return.
		want = "?"
		fmt.Fprintf(&g.b, "\tdefer fnil(one)\n\treturn %s\n}\n\n", g.sum(g.safe()))
	case 16:
		run = "carries(g%[1]d_())"
		fmt.Fprintf(&g.b, "\treturn\n}\n\nfunc g%d_() error {\n\tx := one\n\treturn stackfmt.WithStack(fmt.Errorf(\"%s %%d\", x+%s))\n}\n\n", g.n, text, g.safe())
	case 17:
		run = "carries(g%[1]d_())"
		fmt.Fprintf(&g.b, "\treturn\n}\n\nfunc g%d_() error { return stackfmt.Wrap(errs[%d], %q) }\n\n", g.n, g.rnd.IntN(2), text)
	case 18:
		run = "carries(g%[1]d_())"
		fmt.Fprintf(&g.b, "\treturn\n}\n\nfunc g%d_() error { return stackfmt.WithStack(errs[one]) }\n\n", g.n)
	case 19:
		want = "panic(fmt.Sprint(stored))"
		fmt.Fprintf(&g.b, "\tx = %s; panic(fmt.Sprint(stored))\n}\n\n", g.safe())
	}
	return run, want
}

// TestGeneratedFailures: no caret marks an expression that did not fail: for a
// panic, for its stack alone, for a crash's text, and for errors that only say
// what run-time errors say.
func TestGeneratedFailures(t *testing.T) {
	shared, err := os.ReadFile("testdata/generated/failures.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	g := &failureGenerator{rnd: rand.New(rand.NewPCG(generatorSeed(t), 3))}
	files := map[string]string{"shared.go": string(shared)}
	n := generatedFunctions(t, 200)
	for g.n < n {
		g.b.Reset()
		g.b.WriteString("package main\n\nimport (\n\t\"fmt\"\n\n\t\"github.com/epitaph-go/epitaph/stackfmt\"\n)\n\nvar _, _ = fmt.Sprint, stackfmt.Wrap\n\n")
		for end := min(n, g.n+functionsPerFile); g.n < end; {
			g.function()
		}
		files[fmt.Sprintf("part%d.go", g.n)] = g.b.String()
	}
	files["main.go"] = "package main\n\nimport \"fmt\"\n\nfunc main() {\n" + g.main.String() +
		"\tfmt.Println(\"frames\", frames, \"right\", right, \"false\", wrong)\n}\n"
	frames, right := tally(t, runGenerated(t, files))
	if frames < n {
		t.Errorf("%d frames of %d functions", frames, n)
	}
	if 4*right < frames {
		t.Errorf("only %d of %d failures have a caret", right, frames)
	}
}

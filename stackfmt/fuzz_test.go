package stackfmt_test

import (
	"encoding/json"
	"go/build"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// FuzzJSON: whatever the JSON, there is an error or a tree that every function
// prints and that survives another round.
func FuzzJSON(f *testing.F) {
	for _, v := range loadVectors(f).Cases[:40] {
		if b, err := json.Marshal(v.Exception); err == nil {
			f.Add(b)
		}
	}
	f.Add([]byte(`{"stack":[{"file":"a","line":1,"func":"f","source":"x +\n y","end_line":2,"col":0,"end_col":2}],"group":[null]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var e *stackfmt.Traceback
		if json.Unmarshal(text, &e) != nil {
			return
		}
		for _, opts := range [][]stackfmt.PrintOption{
			nil,
			{stackfmt.WithColor(stackfmt.ColorAlways), stackfmt.WithRecursion(8), stackfmt.WithElideShared()},
			{stackfmt.WithStyle(stackfmt.StyleGo), stackfmt.WithFirstFrames(1), stackfmt.WithLastFrames(1)},
		} {
			opts = append(opts, stackfmt.WithLookupLines(false))
			whole := string(e.Append(nil, opts...))
			if items := strings.Join(e.Format(opts...), ""); items != whole {
				t.Errorf("Format and Append differ: %s", diff(whole, items))
			}
			e.FormatErrorOnly(append(opts, stackfmt.WithShowGroup(true))...)
		}
		e.LogValue()
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var back *stackfmt.Traceback
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatalf("%v: %s", err, b)
		}
		again, err := json.Marshal(back)
		if err != nil || string(again) != string(b) {
			t.Errorf("%v: %s became %s", err, b, again)
		}
	})
}

// FuzzCarets: each row of carets lies below its line and marks no more than it.
func FuzzCarets(f *testing.F) {
	f.Add("x = f(a +\n\tb)", 0, 4, 1, 3)
	f.Add("値 = 表(値) // é", 0, 6, 0, 14)
	f.Add("f(`\n`)(func() {\n}) /* x\n */", 0, 0, 3, 2)
	f.Fuzz(func(t *testing.T, source string, _, col, lines, endCol int) {
		frame := stackfmt.Frame{File: "x.go", Line: 1, Func: "f", Source: source, EndLine: 1 + lines%64, Col: col, EndCol: endCol}
		checkCaretRows(t, sourceOf(frame), source)
		sourceOf(frame, stackfmt.WithColor(stackfmt.ColorAlways))
	})
}

// checkCaretRows checks the text below a frame's position.
func checkCaretRows(t *testing.T, text, source string) {
	t.Helper()
	if len(text) > 40*(len(source)+10) {
		t.Errorf("%d bytes for %d bytes of source", len(text), len(source))
	}
	prev := ""
	for line := range strings.SplitSeq(text, "\n") {
		if row := strings.TrimLeft(line, " \t"); row != "" && strings.Trim(row, "~^") == "" && strings.Trim(prev, "~^ \t") != "" {
			if got, limit := utf8.RuneCountInString(line), stackfmt.DisplayWidth(prev); got > limit {
				t.Errorf("%d columns of carets below %d of text:\n%s\n%s", got, limit, prev, line)
			}
		}
		prev = line
	}
}

// TestCaretsOverGOROOT takes each line of some files of the standard library as a
// frame that called each function named on it, and as one that failed in each
// way. What is marked must be one call of that name or one such expression.
func TestCaretsOverGOROOT(t *testing.T) {
	root := filepath.Join(build.Default.GOROOT, "src")
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.Contains(path, "testdata") {
			files = append(files, path)
		}
		return nil
	})
	if err != nil || len(files) == 0 {
		t.Skip("no sources of the standard library")
	}
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	count := 60
	if testing.Short() {
		count = 10
	}
	src := stackfmt.NewSource(stackfmt.WithBuildTime(time.Now().Add(1e4 * time.Hour)))
	frames, carets := 0, 0
	for range count {
		name := files[rnd.IntN(len(files))]
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text := string(content)
		for i, line := range strings.Split(text, "\n") {
			for _, callee := range namesIn(line) {
				s := stackfmt.Stack{{File: name, Line: i + 1, Func: "p.f"}, {File: "?", Func: "example.com/p." + callee}}
				got := s.Format(stackfmt.WithSource(src))[0]
				frames++
				_, below, _ := strings.Cut(got, "\n")
				checkCaretRows(t, below, text)
				lines := strings.Split(below, "\n")
				if len(lines) < 3 || strings.Trim(lines[1], " \t~^") != "" || lines[1] == "" {
					continue
				}
				carets++
				// What is marked holds the name and, after it, a parenthesis.
				from := strings.IndexAny(lines[1], "~^")
				if end := len(lines[1]); isASCII(lines[0]) {
					if end > len(lines[0]) || !strings.Contains(lines[0][from:end], callee) {
						t.Errorf("%s:%d calling %s:\n%s", name, i+1, callee, below)
					}
				}
			}
			for _, message := range []string{"index out of range [1]", "integer divide by zero", "invalid memory address or nil pointer dereference"} {
				e := &stackfmt.Traceback{Message: "runtime error: " + message, Stack: stackfmt.Stack{{File: name, Line: i + 1, Func: "p.f"}}}
				_, below, _ := strings.Cut(e.Format(stackfmt.WithSource(src))[1], "\n")
				checkCaretRows(t, below, text)
			}
		}
	}
	t.Logf("%d frames, %d with carets", frames, carets)
	if carets == 0 {
		t.Error("no carets at all")
	}
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// namesIn returns the names in line that a parenthesis follows.
func namesIn(line string) []string {
	var names []string
	for rest := line; ; {
		i := strings.IndexByte(rest, '(')
		if i < 0 {
			return names
		}
		name := rest[:i]
		if j := strings.LastIndexFunc(name, func(r rune) bool {
			return r != '_' && (r < '0' || r > '9' && r < 'A' || r > 'Z' && r < 'a' || r > 'z')
		}); j >= 0 {
			name = name[j+1:]
		}
		if name != "" {
			names = append(names, name)
		}
		rest = rest[i+1:]
	}
}

// randomTree makes a tree of about size errors.
func randomTree(rnd *rand.Rand, size int) *stackfmt.Traceback {
	e := &stackfmt.Traceback{Type: "E", Message: strings.Repeat("m", rnd.IntN(20))}
	for range rnd.IntN(6) {
		f := stackfmt.Frame{File: "f", Line: 1 + rnd.IntN(3), Func: "g", Source: "x = a + b", Col: 4, EndCol: 9}
		for range 1 + rnd.IntN(4) {
			e.Stack = append(e.Stack, f)
		}
	}
	for size > 1 {
		part := 1 + rnd.IntN(size)
		child := randomTree(rnd, part-1)
		size -= part
		switch rnd.IntN(3) {
		case 0:
			e.Cause = child
		case 1:
			e.Context = child
		default:
			e.Group = append(e.Group, child)
		}
	}
	return e
}

// FuzzGoCarets looks for the expression of any line of any text.
func FuzzGoCarets(f *testing.F) {
	text, err := os.ReadFile("testdata/src/calls.go")
	if err != nil {
		f.Fatal(err)
	}
	for line := range 60 {
		f.Add(string(text), line, "calls.g", "runtime error: index out of range [5]")
	}
	f.Add("package p\nfunc f() {\n\tg(func() {\n}, `\n`)(x)[y]\n}", 3, "p.g", "close of nil channel")
	f.Add("package p; var x = a[b[c].d] / *e << f.(T)", 1, "", "invalid memory address or nil pointer dereference")
	f.Fuzz(func(t *testing.T, text string, line int, callee, message string) {
		src := stackfmt.WithSource(stackfmt.NewSource(stackfmt.WithFS(fstest.MapFS{"a.go": {Data: []byte(text)}})))
		for _, next := range []string{callee, ""} {
			s := stackfmt.Stack{{File: "a.go", Line: line, Func: "f"}}
			if next != "" {
				s = append(s, stackfmt.Frame{Func: next})
			}
			e := &stackfmt.Traceback{Message: message, Stack: s}
			_, below, _ := strings.Cut(e.Format(src)[1], "\n")
			checkCaretRows(t, below, text)
			e.Append(nil, src, stackfmt.WithColor(stackfmt.ColorAlways))
		}
	})
}

// FuzzTree prints random trees in every style.
func FuzzTree(f *testing.F) {
	f.Add(uint64(1), uint8(200), 10, 8)
	f.Fuzz(func(t *testing.T, seed uint64, size uint8, depth, period int) {
		e := randomTree(rand.New(rand.NewPCG(seed, 3)), int(size))
		for _, style := range []stackfmt.Style{stackfmt.StylePython, stackfmt.StyleGo} {
			opts := []stackfmt.PrintOption{stackfmt.WithStyle(style), stackfmt.WithMaxGroupDepth(depth), stackfmt.WithRecursion(period)}
			whole := string(e.Append(nil, opts...))
			if items := strings.Join(e.Format(opts...), ""); items != whole {
				t.Errorf("Format and Append differ: %s", diff(whole, items))
			}
		}
	})
}

// TestRandomTrees prints random trees, and the same with a random edge that leads
// back into the tree.
func TestRandomTrees(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	rnd := rand.New(rand.NewPCG(seed, 2))
	for range 200 {
		e := randomTree(rnd, 200)
		opts := []stackfmt.PrintOption{stackfmt.WithMaxGroupDepth(rnd.IntN(300)), stackfmt.WithRecursion(rnd.IntN(9))}
		plain := e.Append(nil, opts...)
		if strings.Contains(string(plain), "<cycle>") {
			t.Fatalf("a cycle in a tree:\n%s", plain)
		}
		from := e
		for from.Cause != nil && rnd.IntN(4) > 0 {
			from = from.Cause
		}
		from.Cause = e
		for _, style := range []stackfmt.Style{stackfmt.StylePython, stackfmt.StyleGo} {
			got := e.Append(nil, append(opts, stackfmt.WithStyle(style))...)
			if !strings.Contains(string(got), "<cycle> E") {
				t.Fatalf("no mark in\n%s", got)
			}
		}
	}
}

// TestLinear: twice the stack, the chain or the members take about twice the
// memory of the output and no more.
func TestLinear(t *testing.T) {
	sizes := func(make func(n int) *stackfmt.Traceback, opts ...stackfmt.PrintOption) {
		t.Helper()
		per := func(n int) float64 {
			e := make(n)
			out := 0
			allocated := testing.AllocsPerRun(2, func() {
				out = 0
				for item := range e.Lines(opts...) {
					out += len(item)
				}
			})
			return allocated / float64(out)
		}
		small, large := per(1000), per(8000)
		if large > 2*small {
			t.Errorf("%.4f allocations per byte of output for 1000, %.4f for 8000", small, large)
		}
	}
	sizes(func(n int) *stackfmt.Traceback { return nestedGroups(min(n, 1000)) }, stackfmt.WithMaxGroupDepth(1<<20))
	sizes(func(n int) *stackfmt.Traceback {
		e := &stackfmt.Traceback{Type: "E"}
		for range n {
			e.Group = append(e.Group, &stackfmt.Traceback{Type: "M", Message: "a\nb"})
		}
		return e
	}, stackfmt.WithMaxGroupWidth(1<<20))
	sizes(func(n int) *stackfmt.Traceback {
		e := &stackfmt.Traceback{Type: "E"}
		for range n {
			e = &stackfmt.Traceback{Type: "E", Context: e}
		}
		return e
	})
	sizes(func(n int) *stackfmt.Traceback {
		return &stackfmt.Traceback{Type: "E", Stack: named(strings.Split(strings.Repeat("f ", n), " ")...)}
	}, stackfmt.WithRecursion(8))
}

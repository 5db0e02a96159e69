package stackfmt_test

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// scanned is what the stream yields, which reads every line by itself.
func scanned(t *testing.T, r io.Reader) (gs []stackfmt.Goroutine, unknown []stackfmt.DumpLine) {
	t.Helper()
	for p, err := range stackfmt.ScanGoroutines(r) {
		if err != nil {
			t.Fatal(err)
		}
		if p.Goroutine != nil {
			gs = append(gs, *p.Goroutine)
		} else {
			unknown = append(unknown, stackfmt.DumpLine{Number: p.Line, Text: p.Unknown})
		}
	}
	return gs, unknown
}

// TestKnownCalls: calls that were read before are read the same way again, among
// lines that only look like them.
func TestKnownCalls(t *testing.T) {
	call := "main.f(0x1, {0x2, 0x3}, ...)\n\t/src/a b.go:12 +0x1d\n"
	more := "main.(*T[...]).g(0xc000, 0x2)\n\t/src/c.go:7 +0x2\n"
	for _, body := range []string{
		call + more + call + more,
		call + more + "main.f(0x5)\n\t/src/a b.go:12 +0x1d\n" + more,
		call + "main.h(0x5)\n\t/src/a b.go:12 +0x1d\n" + call,               // another function there
		call + "main.f((0x5))\n\t/src/a b.go:12 +0x1d\n" + call,             // not Go's arguments
		call + "main.f(0x5\n\t/src/a b.go:12 +0x1d\n" + call,                // cut
		call + "main.f()\n\t/src/a b.go:12 +0x1\n" + call,                   // cut
		call + "main.f()\n\t\t/src/a b.go:12 +0x1d\n" + call,                // indented twice
		call + "a log line\n" + call + "2026/01/01 main.f()\n" + call,       // strays
		call + "created by main.f in goroutine 1\n\t/src/a b.go:12 +0x1d\n", // the position of a call
		call + "created by main.f(\n\t/src/a b.go:12 +0x1d\n",
		call + "created by main.q\n\t/y.go:1 +0x5\n(0x1)\n\t/y.go:1 +0x5\n", // a position without a function
		call + "main.h()\n" + call + "\t/y.go:3 +0x5\n" + call,              // a first line whose second is late
		call + "...5 frames elided...\n" + call,
		call + strings.TrimSuffix(call, "\n"),
		call + "[originating from goroutine 3]:\n" + call + more,
		call + "created by main.f in goroutine 7\n\t/src/a b.go:12 +0x1d\n",
		call + "created by main.q\n\t/y.go:1 +0x6\n[originating from goroutine 3]:\n" + more + "created by main.q\n\t/y.go:1 +0x6\n",
		call + "created by main.q in goroutine 2\na log line\n\t/y.go:1 +0x6\n" + call,
		call + "created by main.r in goroutine 2\n\t/src/a b.go:12 +0x1d\n" + call,
		call + "goroutine 9 [select]:\n" + more, // no blank line between
		call + "goroutine 9 [select]:\n" + call,
	} {
		for name, text := range map[string]string{
			"plain":  body,
			"cr":     strings.ReplaceAll(body, "\n", "\r\n"),
			"logged": strings.ReplaceAll(body, "\n", "\nINFO "),
		} {
			end := "\n"
			if name == "cr" {
				end = "\r\n"
			}
			var b strings.Builder
			for i := range 3 {
				fmt.Fprintf(&b, "goroutine %d [select]:%s%s%s", i+1, end, text, end)
			}
			got := stackfmt.ParseGoroutines([]byte(b.String()))
			want, unknown := scanned(t, strings.NewReader(b.String()))
			if !reflect.DeepEqual(got.Goroutines, want) || !reflect.DeepEqual(got.Unknown, unknown) {
				t.Errorf("%s:\n%s\ngot  %+v\nwant %+v, %+v", name, b.String(), got, want, unknown)
			}
		}
	}
}

// TestWithArgs: without arguments a dump is the same otherwise, and goroutines with
// the same calls share their stack.
func TestWithArgs(t *testing.T) {
	for name, text := range dumps(t) {
		want := stackfmt.ParseGoroutines(text)
		for i := range want.Goroutines {
			g := &want.Goroutines[i]
			g.Stack = withoutArgs(g.Stack)
			for k := range g.Ancestors {
				g.Ancestors[k].Stack = withoutArgs(g.Ancestors[k].Stack)
			}
		}
		if got := stackfmt.ParseGoroutines(text, stackfmt.WithArgs(false), nil); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: without arguments:\n%+v\nwant\n%+v", name, got, want)
		}
		if got := stackfmt.ParseGoroutines(text, stackfmt.WithArgs(false), stackfmt.WithArgs(true)); !reflect.DeepEqual(got, stackfmt.ParseGoroutines(text)) {
			t.Errorf("%s: the last option does not decide", name)
		}
	}
	text := "goroutine 1 [select]:\nmain.f(0x1)\n\t/x.go:1 +0x1\nmain.g(0x2)\n\t/x.go:2 +0x1\n\n" +
		"goroutine 2 [select]:\nmain.f(0x3)\n\t/x.go:1 +0x1\nmain.g(0x4)\n\t/x.go:2 +0x1\n\n" +
		"goroutine 3 [select]:\nmain.f(0x3)\n\t/x.go:1 +0x1\nmain.h(0x4)\n\t/x.go:2 +0x1\n"
	gs := stackfmt.ParseGoroutines([]byte(text), stackfmt.WithArgs(false)).Goroutines
	if &gs[0].Stack[0] != &gs[1].Stack[0] || gs[2].Stack[0].Func != "main.h" {
		t.Errorf("got %+v", gs)
	}
}

func withoutArgs(c stackfmt.Calls) stackfmt.Calls {
	c = slices.Clone(c)
	for i := range c {
		c[i].Args = ""
	}
	return c
}

// TestParseGoroutinesAtOnce: the tables that calls take over from each other are
// never shared, and what a dump returned does not change.
func TestParseGoroutinesAtOnce(t *testing.T) {
	all := dumps(t)
	want := map[string]*stackfmt.GoroutineDump{}
	for name, text := range all {
		want[name] = stackfmt.ParseGoroutines(text)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for name, text := range all {
				text = bytes.Clone(text)
				got := stackfmt.ParseGoroutines(text)
				clear(text)
				if !reflect.DeepEqual(got, want[name]) {
					t.Errorf("%s: differs", name)
				}
				stackfmt.ParseGoroutines(all["nested3"], stackfmt.WithArgs(false))
			}
		})
	}
	wg.Wait()
}

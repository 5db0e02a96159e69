package stackfmt_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// TestCallsAreFrames: the calls of a dump print, compare and travel as frames do.
func TestCallsAreFrames(t *testing.T) {
	for name, text := range dumps(t) {
		for _, g := range stackfmt.ParseGoroutines(text).Goroutines {
			frames := g.Stack.Frames()
			if g.Stack.String() != frames.String() || !slices.Equal(g.Stack.Format(), frames.Format()) ||
				!slices.Equal(slices.Collect(g.Stack.Lines()), frames.Format()) {
				t.Errorf("%s: goroutine %d prints\n%s\nwant\n%s", name, g.ID, g.Stack, frames)
			}
			var b bytes.Buffer
			if err := g.Stack.Print(&b); err != nil || b.String() != string(g.Stack.Append(nil)) || b.String() != frames.String() {
				t.Errorf("%s: goroutine %d: Print: %v\n%s", name, g.ID, err, b.String())
			}
			for i, c := range g.Stack {
				if f := frames[i]; c.Func != f.Func || c.File != f.File || c.Line != f.Line || c.Args != f.Args || c.Elided != f.Elided ||
					c.String() != f.String() || fmt.Sprintf("%+v", c) != fmt.Sprintf("%+v", f) {
					t.Errorf("%s: %+v and %+v", name, c, f)
				}
			}
			if got := frames.Calls(); !reflect.DeepEqual(got, g.Stack) {
				t.Errorf("%s: there and back:\n%+v\nwant\n%+v", name, got, g.Stack)
			}
		}
	}
}

// TestCallsJSON: a dump is read back from its JSON, and stacks are lists of frames there.
func TestCallsJSON(t *testing.T) {
	for name, text := range dumps(t) {
		d := stackfmt.ParseGoroutines(text)
		for _, g := range d.Goroutines {
			want, err := json.Marshal(g.Stack.Frames())
			if err != nil {
				t.Fatal(err)
			}
			if got, err := json.Marshal(g.Stack); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: goroutine %d: %v\n%s\nwant\n%s", name, g.ID, err, got, want)
			}
			text, err := json.Marshal(g)
			if err != nil {
				t.Fatal(err)
			}
			var got stackfmt.Goroutine
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			again, err := json.Marshal(got)
			if err != nil || !bytes.Equal(again, text) || got.CreatedBy.Func != g.CreatedBy.Func || got.Stack.String() != g.Stack.String() {
				t.Errorf("%s: goroutine %d: read back: %v\n%s\nwant\n%s", name, g.ID, err, again, text)
			}
		}
	}
	var c stackfmt.Call
	if err := json.Unmarshal([]byte(`{"pc": "x"}`), &c); err == nil || c.Location == nil {
		t.Errorf("damaged: %v, %+v", err, c)
	}
}

// TestCallsByHand: goroutines that are made by hand may leave out what is not known.
func TestCallsByHand(t *testing.T) {
	var at *stackfmt.Location
	if f := at.Frame(); !reflect.DeepEqual(f, stackfmt.Frame{}) || at.String() != (stackfmt.Frame{}).String() {
		t.Errorf("nil: %+v", f)
	}
	if stackfmt.Stack(nil).Calls() != nil || stackfmt.Calls(nil).Frames() != nil {
		t.Error("nil is no longer nil")
	}
	stack := stackfmt.Stack{{Func: "main.f", File: "a.go", Line: 1, Args: "0x1"}, {}}.Calls()
	gs := []stackfmt.Goroutine{{ID: 1, Stack: stack}, {ID: 2, Stack: stackfmt.Calls{stack[0], {}}}, {ID: 3}}
	for _, s := range []stackfmt.Similarity{stackfmt.SameLines, stackfmt.SameCalls, stackfmt.SameFunctions, stackfmt.SameCreator} {
		want := 2
		if s == stackfmt.SameCreator {
			want = 1
		}
		if groups := stackfmt.GroupStacks(gs, stackfmt.WithSimilarity(s), stackfmt.WithoutRecursion()); len(groups) != want {
			t.Errorf("%v: %d groups", s, len(groups))
		}
	}
	d := stackfmt.GoroutineDump{Fatal: "x", Goroutines: gs[1:]}
	if got := d.Traceback().Stack; len(got) != 2 || got[0].Func != "main.f" {
		t.Errorf("stack %+v", got)
	}
}

// TestLocationsOfADump: calls at one place share their Location within a dump, which
// another dump does not see.
func TestLocationsOfADump(t *testing.T) {
	text := []byte("goroutine 1 [running]:\nmain.f(0x1)\n\t/x.go:1 +0x1\nmain.f(0x2)\n\t/x.go:1 +0x1\n")
	first, second := stackfmt.ParseGoroutines(text), stackfmt.ParseGoroutines(text)
	a, b := first.Goroutines[0].Stack, second.Goroutines[0].Stack
	if a[0].Location != a[1].Location || a[0].Args != "0x2" || a[1].Args != "0x1" {
		t.Errorf("one dump: %+v", a)
	}
	if a[0].Location == b[0].Location || first.Goroutines[0].CreatedBy == second.Goroutines[0].CreatedBy {
		t.Error("two dumps share a Location")
	}
	a[0].Func = "changed"
	if third := stackfmt.ParseGoroutines(text).Goroutines[0].Stack; b[0].Func != "main.f" || third[0].Func != "main.f" {
		t.Errorf("changed elsewhere: %+v, %+v", b, third)
	}
}

// TestManyPositions: a dump with more positions, names and locations than the tables keep
// is read as the stream reads it.
func TestManyPositions(t *testing.T) {
	var b strings.Builder
	for i := range 20_000 {
		for _, k := range []int{i, i / 2, 7} {
			fmt.Fprintf(&b, "goroutine %d [select]:\nexample.com/p.f%d(0x%x)\n\t/src/f%d.go:%d +0x%x\ncreated by main.main in goroutine 1\n\t/main.go:1 +0x1\n\n", i+1, k, i, k%100, k, k%50)
		}
	}
	got := stackfmt.ParseGoroutines([]byte(b.String()))
	want, unknown := scanned(t, strings.NewReader(b.String()))
	if !reflect.DeepEqual(got.Goroutines, want) || got.Unknown != nil || unknown != nil {
		t.Error("differs")
	}
	if n := len(got.Goroutines); n != 60_000 || got.Goroutines[n-2].Stack[0].Func != "example.com/p.f9999" {
		t.Errorf("%d goroutines, %+v", n, got.Goroutines[n-2])
	}
}

// TestFormerStacksOnDemand: what read stacks on demand has no effect any more.
func TestFormerStacksOnDemand(t *testing.T) {
	for name, text := range dumps(t) {
		want := stackfmt.ParseGoroutines(text)
		got := stackfmt.ParseGoroutines(text, stackfmt.WithStacksOnDemand())
		for i := range got.Goroutines {
			g := &got.Goroutines[i]
			g.ReadStacks()
			if c := slices.Collect(g.Calls()); !reflect.DeepEqual(stackfmt.Stack(c), g.Stack.Frames()) {
				t.Errorf("%s: goroutine %d: %+v", name, g.ID, c)
			}
			for range g.Calls() {
				break
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: differs", name)
		}
	}
}

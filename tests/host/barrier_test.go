//go:build linux && (amd64 || arm64) && cgo

package host

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

var (
	interposed = links["library"]
	barrier    = library("libbarrier.so")
	reporter   = library("libglog.so") // known to print and to let the process die
)

func library(name string) *victim.Program {
	return &victim.Program{Name: name, Compiler: []string{"cc", "-shared", "-fPIC"}, Build: []string{"victim/barrier.c"}}
}

const panics = "runtime error: invalid memory address or nil pointer dereference"

// saw fails unless the library has seen the writes of Go code, and other faults of that were
// panics, which Go has recovered.
func saw(t *testing.T, o *victim.Outcome, writes string) {
	t.Helper()
	o.Exited(t, 3)
	if o.Stderr != "" {
		t.Errorf("standard error:\n%s", o.Stderr)
	}
	for _, want := range []string{writes, "nobody's: " + panics, "nil: " + panics} {
		if !strings.Contains(o.Stdout, want+"\n") {
			t.Errorf("%q is missing in:\n%s", want, o.Stdout)
		}
	}
}

// TestGoFaultsInALibrarysPage: a library's handler resolves the faults of its own page, if Go's
// code causes them, too. All others are Go's, whatever it does with them.
func TestGoFaultsInALibrarysPage(t *testing.T) {
	for _, where := range []string{"program", "library"} {
		program, env := program, victim.Env("LIBRARY=")
		if where == "library" {
			program, env = interposed, victim.Env("LIBRARY="+barrier.Path(t))
		}
		for _, way := range []string{"handon", "return", "dfl", "raise", "abort", "exit", "fault"} {
			for _, after := range []string{"", " after=1"} {
				t.Run(where+"/"+way+after, func(t *testing.T) {
					t.Parallel()
					line := "barrier times=3 way=" + way + after
					saw(t, program.Run(t, line, env), "3 writes seen")
					if way == "handon" {
						saw(t, program.Run(t, line+" off=1", env), "3 writes seen")
					}
				})
			}
		}
	}
}

// TestGoFaultsArePassedBy: with WithHostFirst(false), and where a handler is known to do nothing
// but report, all faults of Go's code are Go's.
func TestGoFaultsArePassedBy(t *testing.T) {
	t.Run("hostfirst=false", func(t *testing.T) {
		t.Parallel()
		saw(t, program.Run(t, "barrier way=exit hostfirst=false"), "0 writes seen"+panics)
	})
	t.Run("reporter", func(t *testing.T) {
		t.Parallel()
		saw(t, interposed.Run(t, "barrier way=exit", victim.Env("LIBRARY="+reporter.Path(t))), "0 writes seen"+panics)
	})
}

// TestManyGoFaults is TestManyFaults for those of Go's code.
func TestManyGoFaults(t *testing.T) {
	n, pairs := 20_000, 1
	if victim.Full {
		n, pairs = 1_000_000, 3
	}
	once := func(off string) float64 {
		o := patient.Run(t, fmt.Sprintf("barrier way=handon only=1 times=%d%s", n, off))
		o.Exited(t, 3)
		var writes, took int
		if _, err := fmt.Sscanf(o.Stdout, "%d writes seen\ntook %d ns", &writes, &took); err != nil || writes != n || o.Stderr != "" {
			t.Fatalf("%d writes seen, want %d (%v):\n%s%.2000s", writes, n, err, o.Stdout, o.Stderr)
		}
		return float64(took) / float64(n)
	}
	if !victim.Full {
		once("")
		return
	}
	var ratios []float64
	for range pairs {
		with, without := once(""), once(" off=1")
		t.Logf("%.0f ns a fault, %.0f without Epitaph", with, without)
		ratios = append(ratios, with/without)
	}
	slices.Sort(ratios)
	if ratio := ratios[pairs/2]; ratio > 1.5 {
		t.Errorf("%.2f times as long as without Epitaph, want at most 1.5", ratio)
	}
}

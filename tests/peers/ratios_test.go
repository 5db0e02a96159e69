package peers_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/DataDog/gostackparse"
	"github.com/maruel/panicparse/v2/stack"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// contender is one way to do something, and what it is called.
type contender struct {
	name string
	f    func()
}

// fastest runs each contender again and again in turns, and returns the shortest
// time of one run of each, in nanoseconds. Turns and minima, because a mean over
// one stretch of time measures what else the machine was doing. A turn is a millisecond, or
// one run that takes longer: a longer one is hardly ever left alone on a busy machine.
func fastest(rounds int, list []contender) map[string]float64 {
	best := make(map[string]float64)
	runs := make(map[string]int)
	for range rounds {
		for _, c := range list {
			n := max(runs[c.name], 1)
			start := time.Now()
			for range n {
				c.f()
			}
			took := time.Since(start)
			if took < time.Millisecond {
				runs[c.name] = 2 * n
			}
			ns := float64(took.Nanoseconds()) / float64(n)
			if b, ok := best[c.name]; !ok || ns < b {
				best[c.name] = ns
			}
		}
	}
	return best
}

func ratios(t *testing.T) {
	t.Helper()
	if os.Getenv("STACKFMT_RATIOS") == "" {
		t.Skip("STACKFMT_RATIOS is not set")
	}
}

// report prints the times and returns the best of all but ours.
func report(t *testing.T, times map[string]float64, ours ...string) (peer string, ns float64) {
	ns = math.Inf(1)
	var lines []string
	for name, v := range times {
		lines = append(lines, fmt.Sprintf("%12.0f ns  %s", v, name))
		if !slices.Contains(ours, name) && v < ns {
			peer, ns = name, v
		}
	}
	slices.Sort(lines)
	t.Log("\n" + strings.Join(lines, "\n"))
	return peer, ns
}

// TestRatioCapture: at depth 10 no slower than the fastest library.
func TestRatioCapture(t *testing.T) {
	ratios(t)
	base := errors.New("broken")
	deep(10, func() {
		list := []contender{{"stackfmt", func() { sink = stackfmt.Wrap(base, "outer") }}}
		for _, lib := range libraries[1:] {
			list = append(list, contender{lib.name, func() { sink = lib.make("broken") }})
		}
		times := fastest(50, list)
		peer, ns := report(t, times, "stackfmt")
		t.Logf("%.2f times as fast as %s", ns/times["stackfmt"], peer)
		if times["stackfmt"] > ns {
			t.Errorf("slower than %s", peer)
		}
	})
}

// TestRatioFormat: at depth 50 at least 1.3 times as fast as the fastest library
// that prints as much, and with carets at most twice the time without.
func TestRatioFormat(t *testing.T) {
	ratios(t)
	dst := make([]byte, 0, 64<<10)
	var list []contender
	frames := map[string]int{}
	plain := []stackfmt.Option{stackfmt.WithLookupLines(false), stackfmt.WithRecursion(0)}
	printPlain := []stackfmt.PrintOption{stackfmt.WithLookupLines(false), stackfmt.WithRecursion(0)}
	for _, lib := range libraries {
		var err error
		deep(50, func() { err = lib.make("broken") })
		if lib.name != "stackfmt" {
			f := formats[lib.name]
			frames[lib.name] = strings.Count(fmt.Sprintf("%+v", err), "bench_test.go")
			list = append(list, contender{lib.name, func() { f(err) }})
			continue
		}
		for name, opts := range map[string][]stackfmt.Option{
			"stackfmt":              plain,
			"stackfmt, source":      {stackfmt.WithCarets(false), stackfmt.WithRecursion(0)},
			"stackfmt, carets":      {stackfmt.WithRecursion(0)},
			"stackfmt, as designed": nil,
		} {
			list = append(list, contender{name, func() { dst = stackfmt.AppendError(dst[:0], err, opts...) }})
		}
		tb := stackfmt.FromError(err)
		list = append(list, contender{"stackfmt, text only", func() { dst = tb.Append(dst[:0], printPlain...) }})
	}
	times := fastest(30, list)
	ours := []string{"stackfmt", "stackfmt, source", "stackfmt, carets", "stackfmt, as designed", "stackfmt, text only"}
	report(t, times, ours...)
	// Libraries that keep fewer frames print less. Those that keep ten or none
	// are no measure for fifty; those that keep 32 are, to our disadvantage.
	peer, limit := "", math.Inf(1)
	for name, n := range frames {
		if n >= 30 && times[name] < limit {
			peer, limit = name, times[name]
		}
	}
	t.Logf("frames that the others print of these 50: %v", frames)
	t.Logf("%.2f times as fast as %s", limit/times["stackfmt"], peer)
	t.Logf("carets: %.2f times the time without", times["stackfmt, carets"]/times["stackfmt, source"])
	if times["stackfmt, carets"] > 2*times["stackfmt, source"] {
		t.Error("carets take more than twice the time")
	}
	if 1.3*times["stackfmt"] > limit {
		t.Errorf("less than 1.3 times as fast as %s", peer)
	}
}

// TestRatioParse: with no option at least twice as fast as gostackparse, with at most half
// of its memory, and three times as fast as panicparse, whether stacks repeat or not, for few
// goroutines and for many. Memory is what a call allocates, which
// gostackparse's README gives (B/op). What the result keeps is at most three quarters, though
// it has the arguments, which gostackparse does not read.
func TestRatioParse(t *testing.T) {
	ratios(t)
	opts := stack.DefaultOpts()
	opts.GuessPaths, opts.AnalyzeSources, opts.NameArguments = false, false, false
	for _, test := range parseShapes(t) {
		text := test.text
		t.Run(test.name, func(t *testing.T) {
			ours := func() any {
				d := stackfmt.ParseGoroutines(text)
				for i := range d.Goroutines {
					for _, c := range d.Goroutines[i].Stack {
						lines += c.Line
					}
				}
				return d
			}
			gostack := func() any {
				gs, errs := gostackparse.Parse(bytes.NewReader(text))
				if errs != nil {
					t.Fatal(errs)
				}
				for _, g := range gs {
					for _, f := range g.Stack {
						lines += f.Line
					}
				}
				return gs
			}
			rounds := 40
			if len(text) < 500_000 {
				rounds = 150
			}
			times := fastest(rounds, []contender{{"stackfmt", func() { ours() }}, {"gostackparse", func() { gostack() }}})
			times["panicparse"] = fastest(4, []contender{{"panicparse", func() {
				if _, _, err := stack.ScanSnapshot(bytes.NewReader(text), io.Discard, opts); err != nil && err != io.EOF {
					t.Fatal(err)
				}
			}}})["panicparse"]
			report(t, times, "stackfmt")
			for peer, least := range map[string]float64{"panicparse": 3, "gostackparse": 2} {
				ratio := times[peer] / times["stackfmt"]
				t.Logf("%.1f times as fast as %s", ratio, peer)
				if ratio < least {
					t.Errorf("less than %v times as fast as %s", least, peer)
				}
			}
			for _, m := range []struct {
				what     string
				measured func(func() any) float64
				most     float64
			}{{"allocates", allocatedBy, 0.5}, {"keeps", keptBy, 0.75}} {
				share := m.measured(ours) / m.measured(gostack)
				t.Logf("%.2f of the memory that gostackparse %s", share, m.what)
				if share > m.most {
					t.Errorf("more than %v of what gostackparse %s", m.most, m.what)
				}
			}
		})
	}
}

type parseShape struct {
	name string
	text []byte
}

// parseShapes are dumps of each kind: one stack, four goroutines, 200, 1000; equal, and with
// arguments of their own in each call (distinct); short stacks; calls of 200 places in any
// order.
func parseShapes(t *testing.T) []parseShape {
	var one []byte
	deep(10, func() { one = debug.Stack() })
	small, big := dumpOf(t, 2), dumpOf(t, 1000)
	return []parseShape{
		{"one", one},
		{"small", small},
		{"small, distinct", distinct(small)},
		{"repeated", repeated(small)},
		{"distinct", distinct(repeated(small))},
		{"big", big},
		{"big, distinct", distinct(big)},
		{"short", shortStacks(1000)},
		{"short, distinct", distinct(shortStacks(1000))},
		{"any order", anyOrder(1000, 200)},
	}
}

// shortStacks is a dump of n goroutines with one call each.
func shortStacks(n int) []byte {
	var b []byte
	for i := range n {
		b = fmt.Appendf(b, "goroutine %d [chan receive]:\nmain.worker(0xc000012345)\n\t/srv/app/internal/worker/pool.go:31 +0x1d\n"+
			"created by main.start in goroutine 1\n\t/srv/app/internal/worker/pool.go:17 +0x54\n\n", i+2)
	}
	return bytes.TrimRight(b, "\n")
}

// anyOrder is a dump of n goroutines whose calls are of that many places, none of which
// tells what comes next, each with its arguments.
func anyOrder(n, places int) []byte {
	var b []byte
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		b = fmt.Appendf(b, "goroutine %d [select]:\n", i+2)
		for range 12 {
			k := random.IntN(places)
			b = fmt.Appendf(b, "example.com/app/internal/p%d.(*T).method%d(0xc%09x, 0x%x)\n\t/srv/app/internal/p%d/file.go:%d +0x%x\n",
				k%37, k, random.IntN(1<<36), i, k%37, k+10, k%97+16)
		}
		b = append(b, "created by main.start in goroutine 1\n\t/srv/app/internal/worker/pool.go:17 +0x54\n\n"...)
	}
	return bytes.TrimRight(b, "\n")
}

var lines int

// allocatedBy returns what f allocates.
func allocatedBy(f func() any) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 20 {
		f()
	}
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / 20
}

// keptBy returns how much memory the result of f keeps.
func keptBy(f func() any) float64 {
	const n = 20
	var kept [n]any
	var before, after runtime.MemStats
	collect := func(to *runtime.MemStats) {
		runtime.GC()
		runtime.GC() // what a pool keeps is gone after the second one
		runtime.ReadMemStats(to)
	}
	collect(&before)
	for i := range kept {
		kept[i] = f()
	}
	collect(&after)
	runtime.KeepAlive(&kept)
	return max(float64(after.HeapAlloc)-float64(before.HeapAlloc), 1) / n
}

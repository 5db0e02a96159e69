//go:build linux && cgo

package crashtest_test

import (
	"regexp"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// TestOverhead: a crash by Run takes at most 20 ms more than a start of the same binary, as
// medians of runs in turn.
func TestOverhead(t *testing.T) {
	if !victim.Full {
		t.Skip("a limit of time: with EPITAPH_MATRIX=full")
	}
	figures := overhead(t, "200")
	t.Log(figures)
	if n := figure(t, `median (-?\d+) µs`, figures); n > 20_000 {
		t.Errorf("%d µs are too much", n)
	}
}

// BenchmarkRun is a crash by Run, beside a start of the same binary by package exec: both as
// medians of 50 runs at least, and the difference.
func BenchmarkRun(b *testing.B) {
	figures := overhead(b, strconv.Itoa(max(b.N, 50)))
	for unit, of := range map[string]string{
		"ns/op": `median -?\d+ µs \(Run (\d+) µs`, "ns-exec/op": `median -?\d+ µs \(Run \d+ µs, exec (\d+) µs`, "ns-overhead/op": `median (-?\d+) µs`,
	} {
		b.ReportMetric(float64(figure(b, of, figures))*1000, unit)
	}
}

// overhead is the line of figures that so many runs come to.
func overhead(t testing.TB, runs string) string {
	t.Helper()
	out := passes(t, tests(t, plain, []string{"-test.v", "-test.run=^TestOverhead$"}, victim.Env("DEC_RUNS="+runs)))
	return regexp.MustCompile(`overhead: .*`).FindString(out)
}

// figure is the number that an expression finds in that line.
func figure(t testing.TB, re, figures string) int {
	t.Helper()
	m := regexp.MustCompile(re).FindStringSubmatch(figures)
	if m == nil {
		t.Fatalf("no %s in %q", re, figures)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestManyTimes runs crashes while all processors are busy.
func TestManyTimes(t *testing.T) {
	n := 20
	if victim.Full {
		n = 1000
	}
	var stop atomic.Bool
	defer stop.Store(true)
	for range runtime.NumCPU() {
		go func() {
			for !stop.Load() {
			}
		}()
	}
	passes(t, tests(t, plain, []string{"-test.run=^TestManyTimes$", "-test.timeout=30m"},
		victim.Env("DEC_RUNS="+strconv.Itoa(n)), victim.Limit(30*time.Minute)))
}

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
	runs, which := "200", "median"
	out := passes(t, tests(t, plain, []string{"-test.v", "-test.run=^TestOverhead$"}, victim.Env("DEC_RUNS="+runs)))
	figures := regexp.MustCompile(`overhead: .*`).FindString(out)
	m := regexp.MustCompile(which + ` (-?\d+) µs`).FindStringSubmatch(figures)
	if m == nil {
		t.Fatalf("no figure in:\n%s", out)
	}
	t.Log(figures)
	if n, err := strconv.Atoi(m[1]); err != nil || n > 20_000 {
		t.Errorf("%s is too much", m[0])
	}
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

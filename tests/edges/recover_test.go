//go:build linux && (amd64 || arm64) && cgo

package edges

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim"
)

// Nil dereferences and calls of nil funcs in Go are panics, which the program
// recovers from: a hundred thousand of them, or a million in a full run.
func TestRecoveredPanics(t *testing.T) {
	t.Parallel()
	times := 100_000
	if victim.Full {
		times = 1_000_000
	}
	o := run(t, fmt.Sprintf("recover times=%d", times))
	o.Exited(t, 3)
	if o.Stderr != "" || !strings.Contains(o.Stdout, "recovered all") {
		t.Errorf("standard output %q, standard error:\n%s", o.Stdout, o.Stderr)
	}
}

//go:noinline
func dereference(p *int) int { return *p }

func recoveredDereference() (is bool) {
	defer func() { _, is = recover().(runtime.Error) }()
	dereference(nil)
	return false
}

// timeOf is how long so many of them take, in seconds.
func timeOf(times int) float64 {
	began := time.Now()
	for range times {
		recoveredDereference()
	}
	return time.Since(began).Seconds()
}

// With Enable, a nil dereference passes through one more handler. The ratio is
// that of both ways, which take turns in short pieces so that what else the
// machine does slows both.
func BenchmarkRecoveredNilDereference(b *testing.B) {
	for _, way := range []string{"plain", "enabled"} {
		b.Run(way, func(b *testing.B) {
			if way == "enabled" {
				if err := handler.Enable(); err != nil {
					b.Fatal(err)
				}
				defer handler.Disable()
			}
			for b.Loop() {
				if !recoveredDereference() {
					b.Fatal("not recovered")
				}
			}
		})
	}
	b.Run("ratio", func(b *testing.B) {
		var took [2]float64
		for b.Loop() {
			for way := range took {
				if way == 1 {
					if err := handler.Enable(); err != nil {
						b.Fatal(err)
					}
				}
				took[way] += timeOf(1000)
				handler.Disable()
			}
		}
		b.ReportMetric(took[1]/took[0], "enabled/plain")
	})
}

//go:build linux && (amd64 || arm64) && cgo

package host

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// patient is for a million faults.
var patient = &victim.Program{Build: program.Build, Limit: 3 * time.Minute}

// many runs a program that resolves n faults in all, and returns the processor's time for
// one.
func many(t *testing.T, way string, threads, n int, off string) float64 {
	t.Helper()
	line := fmt.Sprintf("many way=%s flags=siginfo+onstack times=%d", way, n/threads)
	if threads > 1 {
		line += fmt.Sprint(" place=thread threads=", threads)
	}
	o := patient.Run(t, line+off)
	o.Exited(t, 3)
	if o.Stderr != "" {
		t.Fatalf("standard error:\n%.2000s", o.Stderr)
	}
	var took, calls int64
	var descriptors, kilobytes int
	if _, err := fmt.Sscanf(o.Stdout, "took %d ns, calls %d, descriptors %d, kilobytes %d",
		&took, &calls, &descriptors, &kilobytes); err != nil {
		t.Fatalf("%v in:\n%s", err, o.Stdout)
	}
	if want := int64(n/threads*threads + 100*threads); calls != want {
		t.Errorf("%d faults, want %d", calls, want)
	}
	if off == "" && (descriptors > 0 || kilobytes > 4096) {
		t.Errorf("%d faults left %d descriptors and %d kB behind", n, descriptors, kilobytes)
	}
	return float64(took) / float64(n)
}

// Many faults that a host resolves leave nothing behind, and take little longer than
// without Epitaph. The time is that of pairs of runs, of which the middle one counts.
func TestManyFaults(t *testing.T) {
	n, pairs := 20_000, 1
	if victim.Full {
		n, pairs = 1_000_000, 3
	}
	for _, way := range []string{"context", "repair", "jump"} {
		for _, threads := range []int{1, 64} {
			t.Run(fmt.Sprintf("%s/%d", way, threads), func(t *testing.T) {
				if !victim.Full {
					many(t, way, threads, n, "")
					return
				}
				var ratios []float64
				for range pairs {
					with, without := many(t, way, threads, n, ""), many(t, way, threads, n, " off=1")
					t.Logf("%.0f ns a fault, %.0f without Epitaph", with, without)
					ratios = append(ratios, with/without)
				}
				slices.Sort(ratios)
				if ratio := ratios[pairs/2]; ratio > 1.5 {
					t.Errorf("%.2f times as long as without Epitaph, want at most 1.5", ratio)
				}
			})
		}
	}
}

//go:build linux && (amd64 || arm64) && cgo

package live

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// What Epitaph costs a program is measured in processor time, which other
// processes of the machine hardly change, and beside one without it that runs at
// the same time.

// startHealthy starts a child that does what it is told until the test ends.
func startHealthy(t *testing.T, line string) *victim.Child {
	t.Helper()
	c := plain.Start(t, line, victim.Talk, victim.Stderr(os.Stderr))
	t.Cleanup(func() {
		c.In.Close() // which ends it
		c.Wait().Exited(t, 3)
	})
	return c
}

// A program that does nothing, with 1 000 goroutines, takes less than 1 % of a
// core with all of Epitaph.
func TestCostOfAnIdleProgram(t *testing.T) {
	t.Parallel()
	const window = 3 * time.Second // three snapshots
	children := []*victim.Child{
		startHealthy(t, "idle parked=1000"),
		startHealthy(t, "idle parked=1000 off=1"),
	}
	for _, child := range children {
		child.Line()
	}
	var used [2]time.Duration
	for i, child := range children {
		used[i] = -child.ProcessorTime()
	}
	began := time.Now()
	time.Sleep(window)
	for i, child := range children {
		used[i] += child.ProcessorTime()
	}
	cost := float64(used[0]-used[1]) / float64(time.Since(began))
	t.Logf("%.3f %% of a core; %.3f %% without", 100*cost, 100*float64(used[1])/float64(window))
	if cost > 0.01 || used[0] <= used[1] {
		t.Errorf("Epitaph takes %.3f %% of a core", 100*cost)
	}
}

// A service that keeps all Ps busy needs as much processor time for a request as
// another one, which runs at the same time without Epitaph. In a round both are
// once with it and once without.
func TestCostOfABusyService(t *testing.T) {
	const rounds, turn = 11, 100 * time.Millisecond
	services := []*victim.Child{startHealthy(t, "service"), startHealthy(t, "service")}
	ask := func(i int, line string) (requests, used float64) {
		fmt.Fprintln(services[i].In, line)
		var n [2]int
		scan(t, services[i].Line(), n[:])
		return float64(n[0]), float64(n[1])
	}
	var ratios []float64
	for range rounds {
		var requests, used [2]float64 // with and without
		for on := range services {
			ask(on, "on")
			for i := range services {
				n, ns := ask(i, "")
				requests[i^on] -= n
				used[i^on] -= ns
			}
			time.Sleep(turn)
			for i := range services {
				n, ns := ask(i, "")
				requests[i^on] += n
				used[i^on] += ns
			}
			ask(on, "off")
		}
		ratios = append(ratios, (used[0]/requests[0])/(used[1]/requests[1]))
	}
	slices.Sort(ratios)
	// By the sign test, the true median is above the third of eleven with a
	// confidence of 97 %.
	t.Logf("a request takes %.4f of the time without Epitaph, at least %.4f", ratios[rounds/2], ratios[2])
	if ratios[2] > 1.02 {
		t.Errorf("a request takes %.4f of the time without Epitaph; of each round: %.4f", ratios[rounds/2], ratios)
	}
}

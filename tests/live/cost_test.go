//go:build linux && amd64 && cgo

package live

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What Epitaph costs a program is measured in processor time, which other
// processes of the machine hardly change, and beside one without it that runs at
// the same time.

// A healthy child is one that does what it is told.
type healthy struct {
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Scanner
}

func startHealthy(t *testing.T, args ...string) *healthy {
	t.Helper()
	cmd := exec.Command(plain.build(t), args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killer := time.AfterFunc(limit, func() { cmd.Process.Kill() })
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
		killer.Stop()
	})
	return &healthy{cmd, in, bufio.NewScanner(out)}
}

func (h *healthy) line(t *testing.T) string {
	t.Helper()
	if !h.out.Scan() {
		t.Fatal("the victim says nothing")
	}
	return h.out.Text()
}

// processorTime is that of the child, by the kernel's account.
func (h *healthy) processorTime(t *testing.T) time.Duration {
	t.Helper()
	const schedClock = 2 // CPUCLOCK_SCHED of include/linux/posix-timers_types.h
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^h.cmd.Process.Pid<<3|schedClock), &ts); err != nil {
		t.Fatal(err)
	}
	return time.Duration(ts.Nano())
}

// A program that does nothing, with 1 000 goroutines, takes less than 1 % of a
// core with all of Epitaph.
func TestCostOfAnIdleProgram(t *testing.T) {
	t.Parallel()
	const window = 3 * time.Second // three snapshots
	children := []*healthy{
		startHealthy(t, "idle", "parked=1000"),
		startHealthy(t, "idle", "parked=1000", "plain=1"),
	}
	for _, child := range children {
		child.line(t)
	}
	var used [2]time.Duration
	for i, child := range children {
		used[i] = -child.processorTime(t)
	}
	began := time.Now()
	time.Sleep(window)
	for i, child := range children {
		used[i] += child.processorTime(t)
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
	services := []*healthy{startHealthy(t, "service"), startHealthy(t, "service")}
	ask := func(i int, line string) (requests, used float64) {
		fmt.Fprintln(services[i].in, line)
		var n [2]int
		scan(t, services[i].line(t), n[:])
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
	if ratios[2] > 1.02 || ratios[rounds/2] > 1.1 {
		t.Errorf("a request takes %.4f of the time without Epitaph; of each round: %.4f", ratios[rounds/2], ratios)
	}
}

//go:build linux && (amd64 || arm64) && cgo

package blackbox

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// A program that is killed at any moment, while everything is being written,
// leaves a box that opens, with a whole snapshot of the last moments.
func TestKilledAtRandomMoments(t *testing.T) {
	runs := 100
	if victim.Full {
		runs = 2000
	}
	dir := t.TempDir()
	const period = 100 * time.Millisecond
	for i := range runs {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			box := filepath.Join(dir, fmt.Sprint(i))
			defer os.Remove(box)
			c := start(t, box, period.String())
			const goroutines = 20
			c.do("goroutines %d", goroutines)
			c.do("crumb tick") // on a busy machine the writers may not get to one
			c.do("write")
			time.Sleep(time.Duration(rand.Int64N(int64(5 * period / 2)))) // the random moment
			starved := starved(t, c.Cmd.Process.Pid)
			c.Kill()
			run := open(t, box)
			ended(t, run, blackbox.Vanished)
			checkNewest(t, run, period, starved)
			checkWhole(t, run, goroutines)
		})
	}
}

// starved is for how long the kernel has kept threads of the process waiting for a
// processor: the second number of schedstat. It is the sum, because one may wait
// for what another one does first: a timer's thread wakes up the one that goes on.
func starved(t *testing.T, pid int) (sum time.Duration) {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(threads) == 0 {
		t.Fatalf("no schedstat of process %d: %v", pid, err)
	}
	for _, path := range threads {
		var ran, waited time.Duration
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // the thread has ended
		}
		if _, err := fmt.Sscan(string(stat), &ran, &waited); err != nil {
			t.Fatalf("%s: %q: %v", path, stat, err)
		}
		sum += waited
	}
	return sum
}

// checkNewest measures the age of the newest snapshot from the last sign of life,
// and allows for the time for which a busy machine let threads wait: on one that is
// not, that is next to nothing.
func checkNewest(t *testing.T, run *blackbox.Run, period, starved time.Duration) {
	t.Helper()
	if len(run.Breadcrumbs) == 0 || len(run.Snapshots) == 0 {
		t.Fatalf("%d breadcrumbs, %d snapshots", len(run.Breadcrumbs), len(run.Snapshots))
	}
	last := run.Breadcrumbs[len(run.Breadcrumbs)-1].Time
	newest := run.Snapshots[len(run.Snapshots)-1]
	if newest.Period < period || newest.Period > period && newest.Period != 100*newest.Cost {
		t.Errorf("a period of %v for a cost of %v", newest.Period, newest.Cost)
	}
	if age := last.Sub(newest.Time); age > 2*newest.Period+starved {
		t.Errorf("the newest of %d snapshots is %v old, the period is %v, threads had to wait for %v",
			len(run.Snapshots), age, newest.Period, starved)
	}
	if run.Torn > 1 {
		t.Errorf("%d snapshots are torn; one can be", run.Torn)
	}
}

// checkWhole looks into everything for a part of something else.
func checkWhole(t *testing.T, run *blackbox.Run, goroutines int) {
	t.Helper()
	for i, s := range run.Snapshots {
		if i > 0 && s.Number != run.Snapshots[i-1].Number+1 {
			t.Errorf("snapshot %d follows %d", s.Number, run.Snapshots[i-1].Number)
		}
		text := fmt.Sprintf("Goroutines: %d, snapshot 1.000 s old, in %d groups\n\n%s", s.Goroutines, s.Groups, s.Text)
		r, err := report.Parse([]byte(text))
		if err != nil || len(r.Unknown) > 0 || len(r.GoroutineGroups) != s.Groups {
			t.Fatalf("not %d groups of goroutines: %v\n%s", s.Groups, err, text)
		}
		sum := 0
		for _, g := range r.GoroutineGroups {
			sum += g.Count
			if len(g.Frames) > 0 && g.Frames[0].Func == "main.waiting" && (g.Count > goroutines || g.Status != "chan receive") {
				t.Errorf("%d goroutines [%s] wait, of %d", g.Count, g.Status, goroutines)
			}
		}
		if sum != s.Goroutines {
			t.Errorf("%d goroutines in groups, %d in all", sum, s.Goroutines)
		}
	}
	for i, c := range run.Breadcrumbs {
		if c.Text != "tick" && !uniform(c.Text) {
			t.Errorf("a breadcrumb of several: %q", c.Text)
		}
		if i > 0 && run.Breadcrumbs[i-1].Time.Sub(c.Time) > time.Second {
			t.Errorf("breadcrumb %d is older than the one before", i)
		}
	}
	for _, a := range run.Annotations {
		if !uniform(a.Value) {
			t.Errorf("an annotation of several: %q", a.Value)
		}
	}
}

// uniform tells whether a text is one number, repeated (crumb in the victim).
func uniform(text string) bool {
	return len(text) > 9 && strings.Repeat(text[:9], len(text)/9) == text
}

// The memory that a program had before it ran out of it is in the box: one that
// the OOM killer came for, where the machine lets us have a memory cgroup, and one
// that got no more until it was killed, or until Go could not do without.
func TestTrendShowsGrowth(t *testing.T) {
	const limit = 96 << 20
	t.Run("OOM killer", func(t *testing.T) {
		t.Parallel()
		group := memoryGroup(t, limit)
		if group == "" {
			t.Skip("no memory cgroup can be made here")
		}
		box := boxIn(t)
		c := start(t, box, "50ms")
		if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), fmt.Append(nil, c.Cmd.Process.Pid), 0); err != nil {
			t.Fatal(err)
		}
		c.send("grow 1024")
		c.diedOf(syscall.SIGKILL)
		// The last snapshot may have been taken before the move to the group, whose counter
		// is then not known to be the program's.
		run := open(t, box)
		if run.End.Kind != blackbox.OOMKilled && (run.End.Kind != blackbox.Vanished || !strings.Contains(run.End.Detail, "OOM killer")) {
			t.Errorf("the box has the end %q (%s)", run.End.Kind, run.End.Detail)
		}
		checkGrowth(t, box)
	})
	t.Run("RLIMIT_AS", func(t *testing.T) {
		t.Parallel()
		box := boxIn(t)
		c := start(t, box, "50ms")
		pid := c.Cmd.Process.Pid
		allowed := addressSpace(t, pid) + 3*limit // a Go thread takes 70 MiB, most of it never touched
		if err := unix.Prlimit(pid, unix.RLIMIT_AS, &unix.Rlimit{Cur: allowed, Max: allowed}, nil); err != nil {
			t.Fatal(err)
		}
		c.send("grow 1024")
		// An address space of 0 is that of a process that has ended: Go aborts
		// when it cannot have a thread.
		size := addressSpace(t, pid)
		for end := time.Now().Add(10 * time.Second); size > 0 && size < allowed-8<<20; size = addressSpace(t, pid) {
			if time.Now().After(end) {
				t.Fatalf("the address space is %d MiB, the limit %d", size>>20, allowed>>20)
			}
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(120 * time.Millisecond) // at the limit
		o := c.Kill()
		if kind := open(t, box).End.Kind; kind != blackbox.Vanished && (kind != blackbox.Crashed || !o.IsDeath(syscall.SIGABRT)) {
			t.Errorf("the box has the end %q: %v", kind, o)
		}
		checkGrowth(t, box)
	})
}

// addressSpace is what RLIMIT_AS limits, in bytes.
func addressSpace(t *testing.T, pid int) uint64 {
	t.Helper()
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	var pages uint64
	if _, err := fmt.Sscan(string(statm), &pages); err != nil {
		t.Fatal(err)
	}
	return pages * uint64(os.Getpagesize())
}

func checkGrowth(t *testing.T, box string) {
	t.Helper()
	run := open(t, box)
	if n := len(run.Snapshots); n < 2 {
		t.Fatalf("%d snapshots are no trend", n)
	}
	first, last := run.Snapshots[0].Figures.Resident, run.Snapshots[len(run.Snapshots)-1].Figures.Resident
	t.Logf("resident memory over %d snapshots: from %d to %d MiB", len(run.Snapshots), first>>20, last>>20)
	if last < first+32<<20 {
		t.Errorf("resident memory grew from %d to %d bytes", first, last)
	}
}

// memoryGroup makes a cgroup with a limit, or returns "".
func memoryGroup(t *testing.T, limit int) string {
	root := "/sys/fs/cgroup"
	limitFile := "memory.max"
	if _, err := os.Stat(filepath.Join(root, "memory", "memory.limit_in_bytes")); err == nil { // version 1
		root, limitFile = filepath.Join(root, "memory"), "memory.limit_in_bytes"
	}
	group := filepath.Join(root, fmt.Sprintf("epitaph-test-%d", os.Getpid()))
	if os.Mkdir(group, 0o755) != nil {
		return ""
	}
	t.Cleanup(func() { os.Remove(group) })
	if os.WriteFile(filepath.Join(group, limitFile), fmt.Append(nil, limit), 0) != nil {
		return ""
	}
	return group
}

func TestFaultWhileBlocked(t *testing.T) {
	t.Parallel()
	box := boxIn(t)
	c := start(t, box, "50ms")
	c.do("annotate request=7f3a")
	c.do("crumb about to crash")
	c.do("sleep 120ms")
	c.send("crash_blocked")
	if stderr := c.diedOf(syscall.SIGSEGV); stderr != "" {
		t.Errorf("a report, though no handler can run:\n%s", stderr)
	}
	run := open(t, box)
	ended(t, run, blackbox.Vanished)
	if len(run.Snapshots) == 0 || has(run.Breadcrumbs, "about to crash") != 1 ||
		len(run.Annotations) != 1 || run.Annotations[0].Value != "7f3a" {
		t.Errorf("the box holds %d snapshots, breadcrumbs %v, annotations %v", len(run.Snapshots), run.Breadcrumbs, run.Annotations)
	}
}

// A reader to whom the process has another number, or none, as beside a container.
func TestOtherNamespace(t *testing.T) {
	t.Parallel()
	unshare := []string{"--pid", "--fork", "--kill-child"}
	if o := victim.Run(t, "unshare", append(unshare, "true")); o.Status != 0 {
		t.Skip("needs leave to make a PID namespace:", o)
	}
	box := boxIn(t)
	c := start(t, box, "50ms", victim.Under("unshare", unshare...))
	ended(t, open(t, box), blackbox.Running)
	c.do("crumb still there")
	ended(t, open(t, box), blackbox.Running)
	c.send("exit")
	c.Wait()
	ended(t, open(t, box), blackbox.Exited)
}

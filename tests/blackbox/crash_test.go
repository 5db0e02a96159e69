//go:build linux && (amd64 || arm64) && cgo

package blackbox

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/blackbox"
)

// The box holds the same report as the terminal.
func TestReportIsCopied(t *testing.T) {
	t.Parallel()
	box := boxIn(t)
	c := start(t, box, "20ms")
	c.do("goroutines 7")
	c.do("annotate request=7f3a")
	c.do("crumb last one")
	c.do("sleep 100ms")
	c.send("crash")
	o := c.diedOf(syscall.SIGSEGV)
	r := complete(t, o)
	// The file's pages may not come: what needs none of them is out by then.
	if stack := strings.Index(o, "Current thread "); stack < 0 || stack > strings.Index(o, "\nAnnotations:\n") ||
		stack > strings.Index(o, "\nBreadcrumbs:\n") {
		t.Errorf("notes before the stack:\n%s", o)
	}
	if r.Goroutines == nil || r.Goroutines.Count < 8 {
		t.Errorf("goroutines %+v", r.Goroutines)
	}
	run := open(t, box)
	ended(t, run, blackbox.Crashed)
	if run.End.Signal != int(syscall.SIGSEGV) || !run.End.Complete {
		t.Errorf("the end is %+v", run.End)
	}
	if string(run.Report) != c.Wait().Stderr {
		t.Errorf("another report in the box:\n%s\nthan on the terminal:\n%s", run.Report, c.Wait().Stderr)
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	c := start(t, "-", "0s")
	c.do("annotate request=7f3a")
	c.do("annotate request=7f3b")
	c.do("annotate gone=1")
	c.do("annotate gone=")
	c.do("annotate long=%s", strings.Repeat("x", 500))
	c.do("annotate key%s=1", strings.Repeat("y", 100))
	c.do("annotate odd=\x1b[31m\xff \"q\" Жé")
	c.do("crumbs 70") // two each
	c.do("crumb %s", strings.Repeat("z", 300))
	c.do("crumb last one")
	c.send("crash")
	r := complete(t, c.diedOf(syscall.SIGSEGV))
	got := map[string]string{}
	for _, a := range r.Annotations {
		got[a.Key] = a.Value
	}
	want := map[string]string{
		"request":                               "7f3b",
		"long":                                  strings.Repeat("x", 424) + "...",
		"key" + strings.Repeat("y", 61) + "...": "1",
		"odd":                                   `\x1b[31m\xff \x22q\x22 Ж\xe9`,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("annotations %q, want %q", got, want)
	}
	if n := len(r.Breadcrumbs); n != 128 {
		t.Fatalf("%d breadcrumbs", n)
	}
	if last := r.Breadcrumbs[127]; last.Text != "last one" || last.Before.Duration > 10*time.Second {
		t.Errorf("the last breadcrumb is %+v", last)
	}
	if text := r.Breadcrumbs[126].Text; text != strings.Repeat("z", 224)+"..." {
		t.Errorf("a long breadcrumb is %q", text)
	}
	for i := range 63 {
		if a, b := r.Breadcrumbs[2*i], r.Breadcrumbs[2*i+1]; a.Text != "from Go" || b.Text != "from C" || a.Before.Duration < b.Before.Duration {
			t.Fatalf("breadcrumbs %d: %+v, %+v", 2*i, a, b)
		}
	}
}

// The 65th key is refused, and a removed one makes room.
func TestAnnotationsAreFull(t *testing.T) {
	t.Parallel()
	box := boxIn(t)
	c := start(t, box, "0s")
	for i := range 66 {
		c.do("annotate key%d=%d", i, i)
	}
	c.do("annotate key7=")
	c.do("annotate new=1")
	run := open(t, box)
	ended(t, run, blackbox.Running)
	if len(run.Annotations) != 64 || run.RefusedAnnotations != 2 {
		t.Errorf("%d annotations, %d refused", len(run.Annotations), run.RefusedAnnotations)
	}
	keys := map[string]string{}
	for _, a := range run.Annotations {
		keys[a.Key] = a.Value
	}
	if keys["new"] != "1" || keys["key7"] != "" || keys["key63"] != "63" || keys["key64"] != "" {
		t.Errorf("annotations %v", keys)
	}
}

// While threads write as fast as they can, a report shows what was there at the
// crash, and no breadcrumb is a mixture.
func TestNotesUnderFire(t *testing.T) {
	for i := range 5 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			box := boxIn(t)
			c := start(t, box, "20ms")
			c.do("write")
			c.do("storm 4")
			c.do("sleep 30ms")
			for range 10 { // also read from outside, all the time
				for _, crumb := range open(t, box).Breadcrumbs {
					if crumb.Text != "tick" && !uniform(crumb.Text) {
						t.Errorf("a breadcrumb of several: %q", crumb.Text)
					}
				}
			}
			c.send("crash")
			r := complete(t, c.diedOf(syscall.SIGSEGV))
			if len(r.Breadcrumbs) < 100 {
				t.Errorf("%d breadcrumbs", len(r.Breadcrumbs))
			}
			for _, crumb := range r.Breadcrumbs {
				if crumb.Text != "tick" && !uniform(crumb.Text) {
					t.Errorf("a breadcrumb of several: %q", crumb.Text)
				}
			}
		})
	}
}

// A child of fork leaves its parent's box alone, however it was made, and its own
// breadcrumbs do no harm.
func TestForkedChild(t *testing.T) {
	for _, how := range []string{"", "plain", "reset", "plain reset", "crash", "plain crash", "plain reset crash"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			box := boxIn(t)
			c := start(t, box, "20ms")
			c.do("crumb of the parent")
			said := c.do("fork %s", how)
			want := "child: signal -1, exit status 7"
			if strings.Contains(how, "crash") {
				want = "child: signal 11, exit status -1"
			}
			if len(said) != 1 || said[0] != want {
				t.Errorf("the victim says %q, want %q", said, want)
			}
			c.do("crumb after")
			run := open(t, box)
			ended(t, run, blackbox.Running)
			if len(run.Report) > 0 || has(run.Breadcrumbs, "from the child") > 0 ||
				has(run.Breadcrumbs, "of the parent") != 1 || has(run.Breadcrumbs, "after") != 1 {
				t.Errorf("breadcrumbs %v, report %q", run.Breadcrumbs, run.Report)
			}
			c.Kill()
			ended(t, open(t, box), blackbox.Vanished)
		})
	}
}

func TestCleanEnd(t *testing.T) {
	t.Parallel()
	box := boxIn(t)
	c := start(t, box, "20ms")
	c.do("crumb before")
	c.do("sleep 60ms")
	c.do("disable")
	c.do("crumb later") // in memory of its own again
	run := open(t, box)
	ended(t, run, blackbox.Clean)
	if len(run.Snapshots) == 0 || has(run.Breadcrumbs, "before") != 1 || has(run.Breadcrumbs, "later") != 0 {
		t.Errorf("%d snapshots, breadcrumbs %v", len(run.Snapshots), run.Breadcrumbs)
	}
	// The same file again, by the same process; its notes are still there.
	if said := c.do("enable %s 20ms", box); len(said) > 0 {
		t.Fatalf("enabled again: %q", said)
	}
	run = open(t, box)
	ended(t, run, blackbox.Running)
	if has(run.Breadcrumbs, "before") != 1 || has(run.Breadcrumbs, "later") != 1 {
		t.Errorf("breadcrumbs %v", run.Breadcrumbs)
	}
	c.send("exit")
	c.Wait().Exited(t, 0)
	ended(t, open(t, box), blackbox.Exited) // without handler.Disable
}

// A child of fork closes its copy of the box's descriptor, but no file that the
// program has under that number.
func TestForkedChildKeepsOtherFiles(t *testing.T) {
	t.Parallel()
	box := boxIn(t)
	c := start(t, box, "0s")
	c.do("reuse %s %s", box, filepath.Join(t.TempDir(), "database"))
	if said := c.do("fork_has_reused"); len(said) != 1 || said[0] != "true" {
		t.Errorf("the descriptor is open in the child: %q", said)
	}
}

// A child of vfork crashes in its parent's memory, and leaves everything there as
// it was.
func TestVforkChildCrashes(t *testing.T) {
	t.Parallel()
	box := boxIn(t)
	c := start(t, box, "20ms")
	const kept = "/" // what the core keeps descriptors of, to close them in a crash
	before := c.do("descriptors " + kept)
	if said := c.do("crash_vfork"); len(said) != 1 || said[0] != "child: signal 11" {
		t.Errorf("the victim says %q", said)
	}
	c.do("crumb after it")
	run := open(t, box)
	ended(t, run, blackbox.Running)
	if has(run.Breadcrumbs, "after it") != 1 {
		t.Errorf("breadcrumbs %v", run.Breadcrumbs)
	}
	c.do("enable %s 20ms", box)
	if after := c.do("descriptors " + kept); after[0] != before[0] || before[0] == "0" {
		t.Errorf("%s descriptors are kept, %s before", after[0], before[0])
	}
}

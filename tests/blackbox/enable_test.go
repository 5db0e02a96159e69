//go:build linux && (amd64 || arm64) && cgo

package blackbox

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/internal/victim"
)

// heldUp starts a victim whose reports stop behind the headline. Begun waits until the box
// has that headline too, and goOn lets the report go on.
func heldUp(t *testing.T, box string) (c *child, begun func(box string), goOn func()) {
	t.Helper()
	r, w := victim.OnePage(t)
	c = start(t, box, "20ms", victim.Stderr(w))
	w.Close()
	begun = func(box string) {
		t.Helper()
		for len(open(t, box).Report) == 0 {
			if time.Since(c.Began) > program.Limit {
				t.Fatal("no report in the box")
			}
			time.Sleep(time.Millisecond)
		}
	}
	return c, begun, func() { go io.Copy(io.Discard, r) }
}

// crashed judges the box of a program that crashed while something else was done
// to it: the report is all there.
func crashed(t *testing.T, box string) {
	t.Helper()
	run := open(t, box)
	ended(t, run, blackbox.Crashed)
	if !run.End.Complete {
		t.Errorf("the end is %+v", run.End)
	}
	victim.Complete(t, string(run.Report))
}

// A box stays that of the crash, whatever other goroutines do meanwhile.
func TestEnableDuringACrash(t *testing.T) {
	for _, with := range []string{"none", "another"} {
		t.Run(with, func(t *testing.T) {
			t.Parallel()
			box, files := boxIn(t), t.TempDir()
			next := map[string]string{"none": "-", "another": box + "2"}[with]
			c, begun, goOn := heldUp(t, box)
			c.do("crash_thread")
			begun(box)
			if said := c.do("enable %s 20ms", next); len(said) != 1 || !strings.Contains(said[0], "the process is crashing") {
				t.Errorf("Enable says %q", said)
			}
			c.do("files %s", files)
			goOn()
			c.diedOf(syscall.SIGSEGV)
			crashed(t, box)
			all, err := os.ReadDir(files)
			if err != nil || len(all) == 0 {
				t.Fatal(all, err)
			}
			for _, file := range all {
				if text, err := os.ReadFile(filepath.Join(files, file.Name())); err != nil || len(text) > 0 {
					t.Errorf("%v: a file of the program's own holds %q", err, text)
				}
			}
		})
	}
}

func TestDescriptorIsReusedDuringACrash(t *testing.T) {
	t.Parallel()
	box, other := boxIn(t), filepath.Join(t.TempDir(), "database")
	c, begun, goOn := heldUp(t, box)
	c.do("crash_thread")
	begun(box)
	c.do("reuse %s %s", box, other)
	goOn()
	c.diedOf(syscall.SIGSEGV)
	if content, err := os.ReadFile(other); err != nil || len(content) > 0 {
		t.Errorf("a file of the program's own was written to (%v): %d bytes", err, len(content))
	}
	if run := open(t, box); run.End.Kind != blackbox.Crashed || run.End.Complete {
		t.Errorf("the end is %+v", run.End)
	}
}

// A crash freezes the notes, also when they are being moved at that moment.
func TestCrashWhileTheNotesMove(t *testing.T) {
	for _, when := range []string{"before", "after"} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			box := boxIn(t)
			c, begun, goOn := heldUp(t, box)
			said := c.do("crash_in_move %s %s2", when, box)
			switch {
			case len(said) == 1 && said[0] == "<nil>":
				// The crashing thread did not get a processor for as long as the
				// move took: then the new box is that of the crash.
				box += "2"
			case len(said) != 1 || !strings.Contains(said[0], "the process is crashing"):
				t.Errorf("Enable says %q", said)
			}
			begun(box)
			if said := c.do("frozen"); len(said) != 1 || said[0] != "1" {
				t.Errorf("the notes are in state %q", said)
			}
			goOn()
			c.diedOf(syscall.SIGSEGV)
			crashed(t, box)
		})
	}
}

// What was in force before a call of Enable that fails still is.
func TestEnableInVain(t *testing.T) {
	for _, with := range []string{"none", "another"} {
		t.Run(with, func(t *testing.T) {
			t.Parallel()
			box := boxIn(t)
			next := map[string]string{"none": "-", "another": box + "2"}[with]
			c := start(t, box, "20ms")
			if said := c.do("enable_in_vain %s", next); len(said) != 1 || !strings.Contains(said[0], "WithThreadSignal") {
				t.Fatalf("Enable says %q", said)
			}
			c.do("crumb after it")
			run := open(t, box)
			ended(t, run, blackbox.Running)
			if has(run.Breadcrumbs, "after it") != 1 {
				t.Errorf("breadcrumbs %v", run.Breadcrumbs)
			}
			if _, err := os.Lstat(next); err == nil {
				t.Error("the other box was left behind")
			}
			c.send("crash")
			complete(t, c.diedOf(syscall.SIGSEGV))
			crashed(t, box)
		})
	}
}

// A loss that is found out while a snapshot is being written is not forgotten.
func TestLossStays(t *testing.T) {
	t.Parallel()
	if said := start(t, "-", "0s").do("lose %s", boxIn(t)); len(said) > 0 {
		t.Errorf("%q", said)
	}
}

//go:build linux && (amd64 || arm64) && cgo

// Package blackbox tests black boxes: those of programs that were killed at any
// moment, that crashed, whose files were truncated or removed. Every program is
// a child process, and is judged by its box, its report and its end.
package blackbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

var program = &victim.Program{Build: []string{"./victim"}, Limit: 20 * time.Second}

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

// A child is a victim that obeys commands.
type child struct {
	*victim.Child
	t *testing.T
}

// start starts a victim and waits until Epitaph is enabled.
func start(t *testing.T, box, period string, changes ...victim.Change) *child {
	t.Helper()
	changes = append([]victim.Change{victim.Args(box, period), victim.Talk}, changes...)
	c := &child{program.Start(t, "", changes...), t}
	if ready, _ := c.hear(); ready != "ready" {
		t.Fatalf("the victim is not ready: %q, %v", ready, c.Wait())
	}
	return c
}

// hear reads a line; there is none when the victim has ended.
func (c *child) hear() (line string, ok bool) {
	line, err := c.Out.ReadString('\n')
	return strings.TrimSuffix(line, "\n"), err == nil
}

// do has the victim do something, and returns what it says before "done".
func (c *child) do(format string, args ...any) (said []string) {
	c.t.Helper()
	c.send(format, args...)
	for {
		line, ok := c.hear()
		switch {
		case !ok:
			c.t.Fatalf("the victim did not survive %q: %v", fmt.Sprintf(format, args...), c.Wait())
		case line == "done":
			return said
		}
		said = append(said, line)
	}
}

// send does not wait.
func (c *child) send(format string, args ...any) {
	fmt.Fprintf(c.In, format+"\n", args...)
}

// diedOf waits for the victim's end, which must be by a signal, and returns what
// it wrote to standard error.
func (c *child) diedOf(signal syscall.Signal) (stderr string) {
	c.t.Helper()
	o := c.Wait()
	o.DiedOf(c.t, signal)
	return o.Stderr
}

// open reads a box, in which nothing may be damaged.
func open(t *testing.T, path string) *blackbox.Run {
	t.Helper()
	run, err := blackbox.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Damage) > 0 {
		t.Errorf("damage: %q", run.Damage)
	}
	return run
}

func ended(t *testing.T, run *blackbox.Run, kind blackbox.EndKind) {
	t.Helper()
	if run.End.Kind != kind {
		t.Errorf("the box has the end %q (%s), want %v", run.End.Kind, run.End.Detail, kind)
	}
}

// complete parses a report that must be all there, and alone.
func complete(t *testing.T, text string) *report.Report {
	t.Helper()
	r := victim.Complete(t, text)
	if r.String() != text {
		t.Errorf("there is more than a report:\n%s", text)
	}
	return r
}

func boxIn(t *testing.T) string { return filepath.Join(t.TempDir(), "box") }

func has(crumbs []blackbox.Breadcrumb, text string) (n int) {
	for _, c := range crumbs {
		if strings.Contains(c.Text, text) {
			n++
		}
	}
	return n
}

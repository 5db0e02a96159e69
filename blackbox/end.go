package blackbox

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/epitaph-go/epitaph/internal/boxformat"
	"github.com/epitaph-go/epitaph/internal/procstat"
)

// end says how the program ended: by the mark in the box or, without one, by
// whether its process is still there.
func (p *parser) end(b []byte) {
	if len(b) < boxformat.StatusSize {
		p.damaged("how the program ended is cut off")
		b = make([]byte, boxformat.StatusSize)
	}
	status := boxformat.DecodeStatus(b)
	e := &p.run.End
	switch status.State {
	case boxformat.StateClean:
		*e = End{Kind: Clean, Time: real(status.Time), Detail: "handler.Disable was called"}
	case boxformat.StateCrashed, boxformat.StateReported:
		*e = End{
			Kind:     Crashed,
			Signal:   int(status.Signal),
			Complete: status.State == boxformat.StateReported,
			Time:     real(status.Time),
		}
		what := fmt.Sprintf("signal %d", e.Signal)
		if e.Signal == 0 {
			what = "a panic or fatal error"
		}
		e.Detail = what + " was reported"
		if !e.Complete {
			e.Detail = "while " + what + " was being reported"
		}
	default:
		if status.State > boxformat.StateRunning {
			p.damaged("state %d is not known", status.State)
		}
		e.Time = p.lastSign()
		e.Kind, e.Detail = p.without()
	}
}

// without tells what became of a process that left no mark.
func (p *parser) without() (EndKind, string) {
	here := bootID()
	switch {
	case p.held:
		return Running, "its process holds the file"
	case here == "" || p.header.BootID == "":
		return Unknown, "it left no mark, and this machine cannot tell whether it runs"
	case here != p.header.BootID:
		return Unknown, "it left no mark, and this machine has been started again since, or it ran on another one"
	}
	// A process that the same number was given to later began later.
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.header.PID))
	switch {
	case err == nil && procstat.StartTicks(stat) == p.header.StartTicks && !procstat.Ended(stat):
		return Running, "its process is there"
	case err == nil || os.IsNotExist(err):
		return Vanished, "it left no mark: killed (SIGKILL, OOM killer), or it exited without handler.Disable"
	}
	return Unknown, "it left no mark, and its process cannot be looked for: " + err.Error()
}

func bootID() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}

// lastSign is the time of the newest thing in the box.
func (p *parser) lastSign() time.Time {
	last := p.run.Opened
	later := func(t time.Time) {
		if t.After(last) {
			last = t
		}
	}
	for _, s := range p.run.Snapshots {
		later(s.Time)
	}
	for _, c := range p.run.Breadcrumbs {
		later(c.Time)
	}
	for _, a := range p.run.Annotations {
		later(a.Time)
	}
	return last
}

package blackbox

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/epitaph-go/epitaph/internal/boxformat"
	"github.com/epitaph-go/epitaph/internal/oomkill"
	"github.com/epitaph-go/epitaph/internal/procstat"
)

// end says how the program ended: by the mark in the box or, without one, by
// whether its process is still there.
func (p *parser) end(b []byte) {
	e := &p.run.End
	if len(b) < boxformat.StatusSize {
		p.damaged("how the program ended is cut off")
		b = make([]byte, boxformat.StatusSize)
	}
	e.Status = -1
	status := boxformat.DecodeStatus(b)
	switch status.State {
	case boxformat.StateClean:
		*e = End{Kind: Clean, Status: -1, Time: real(status.Time), Detail: "handler.Disable was called"}
	case boxformat.StateCrashed, boxformat.StateReported:
		*e = End{
			Kind:     Crashed,
			Status:   -1,
			Signal:   int(status.Signal),
			Complete: status.State == boxformat.StateReported,
			Time:     real(status.Time),
		}
		e.Detail = "a panic or fatal error"
		if e.Signal != 0 {
			e.Detail = signalName(e.Signal)
		}
		if e.Complete {
			e.Detail += ", report complete"
		} else {
			e.Detail += ", report incomplete"
		}
	default:
		if status.State > boxformat.StateRunning {
			p.damaged("state %d is not known", status.State)
		}
		e.Time = p.lastSign()
		if !p.marked() {
			e.Kind, e.Detail = p.without()
		}
	}
	if asked := boxformat.DecodeMark(p.asked); asked.How == boxformat.MarkSignal && e.Kind != Running {
		e.Asked = int(asked.Signal)
		e.Detail += fmt.Sprintf("; %s had asked it to end%s", signalName(e.Asked), byWhom(asked.Sender))
		if after := e.Time.Sub(real(asked.Time)); after > 0 {
			e.Detail += fmt.Sprintf(" %s before", seconds(after))
		}
	}
}

// marked tells an end that left a mark. One of a process that still runs was about to end
// it, or is being taken back.
func (p *parser) marked() bool {
	mark := boxformat.DecodeMark(p.mark)
	if mark.How == boxformat.MarkNone || p.held {
		return false
	}
	end := End{Kind: Exited, Time: real(mark.Time), Status: int(mark.Status)}
	switch mark.How {
	case boxformat.MarkReturn:
		end.Detail = "main returned"
	case boxformat.MarkOSExit:
		end.Detail = "os.Exit was called"
	case boxformat.MarkLogFatal:
		end.Detail = "log.Fatal was called"
	case boxformat.MarkExit:
		end.Detail = "C code called exit"
	case boxformat.MarkQuickExit:
		end.Detail = "C code called quick_exit"
	case boxformat.MarkExitNow:
		end.Detail = "C code called _exit"
	case boxformat.MarkSignal:
		end = End{Kind: Signaled, Signal: int(mark.Signal), Status: -1, Time: end.Time}
		end.Detail = "it died of " + signalName(end.Signal) + byWhom(mark.Sender)
		p.run.End = end
		return true
	default:
		p.damaged("how the program ended, %d, is not known", mark.How)
		return false
	}
	if mark.Text != "" {
		end.Detail += " by " + printable(mark.Text)
	}
	end.Detail += fmt.Sprintf(" on thread %d", mark.Thread)
	if end.Status >= 0 {
		end.Detail += fmt.Sprintf(": exit status %d", end.Status)
	}
	p.run.End = end
	return true
}

func byWhom(sender uint32) string {
	if sender == 0 {
		return ""
	}
	return fmt.Sprintf(", sent by process %d", sender)
}

// signalName is that of a signal of linux on the machines that the core is ported to, or
// its number.
func signalName(signal int) string {
	names := map[int]string{
		1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM",
		15: "SIGTERM", 16: "SIGSTKFLT", 24: "SIGXCPU", 25: "SIGXFSZ", 26: "SIGVTALRM", 29: "SIGIO", 30: "SIGPWR", 31: "SIGSYS",
	}
	if name := names[signal]; name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", signal)
}

// withoutTrace is what the details of an end without a mark begin with.
const withoutTrace = "without a trace"

// without tells what became of a process that left no mark.
func (p *parser) without() (EndKind, string) {
	here := bootID()
	switch {
	case p.held:
		return Running, "its process holds the file"
	case here == "" || p.header.BootID == "":
		return Unknown, withoutTrace + "; this machine cannot tell whether it runs"
	case here != p.header.BootID:
		return Unknown, withoutTrace + "; this machine has been started again since, or it ran on another one"
	}
	// A process that the same number was given to later began later.
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.header.PID))
	switch {
	case err == nil && procstat.StartTicks(stat) == p.header.StartTicks && !procstat.Ended(stat):
		return Running, "its process is there"
	case err == nil || os.IsNotExist(err):
		return p.killed()
	}
	return Unknown, withoutTrace + "; its process cannot be looked for: " + err.Error()
}

// killed tells what ended a process of this run of the machine that left no mark.
func (p *parser) killed() (EndKind, string) {
	watch := boxformat.DecodeWatch(p.watch)
	or := "; or it ended in a way that leaves none (see package blackbox)"
	if !watch.Exits || !watch.Signals {
		or = "; or it exited without handler.Disable"
	}
	killer := "perhaps by the OOM killer"
	switch watch.OOM.Since() {
	case oomkill.Yes:
		return OOMKilled, "the OOM killer has killed a process of its cgroup since its last snapshot"
	case oomkill.No:
		killer = "not by the OOM killer"
	case oomkill.Perhaps:
		killer += ", which has killed on this machine since"
	}
	return Vanished, withoutTrace + ": killed by SIGKILL, " + killer + or
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

package stackfmt

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
)

// GoroutineDump is what the Go runtime printed when a program died, or what
// runtime.Stack returned: the reason, and the stack of each goroutine.
//
// Nothing of the text is lost: a line that does not belong to the runtime's
// grammar is in Unknown with its number. A dump that something else wrote into,
// a log for example, is therefore still read.
type GoroutineDump struct {
	// Panics are the "panic: " lines, the first panic first. A later one arose
	// while the one before it was being handled.
	Panics []Panic
	// Fatal is the text after "fatal error: ".
	Fatal string
	// Signals are the reports of signals. There is more than one with
	// GOTRACEBACK=crash, where each thread reports the SIGQUIT that stopped it.
	Signals []Signal
	// Details are the other lines that the runtime prints about its reason, such
	// as "runtime: goroutine stack exceeds 1000000000-byte limit".
	Details []string
	// Goroutines are in the order of the text: the one that failed is the first.
	Goroutines []Goroutine
	// Unknown holds every other line that is not blank.
	Unknown []DumpLine
}

// DumpLine is a line of a dump. Numbers start at 1.
type DumpLine struct {
	Number int
	Text   string
}

// Panic is a value that a goroutine died of, as the runtime prints it.
type Panic struct {
	// Message is the text after "panic: ". The tabs with which the runtime
	// indents its further lines are taken off.
	Message string
	// Recovered says that the panic was recovered, and a later one arose in the
	// deferred function that did so.
	Recovered bool
	// Repanicked says that the recovered value was thrown again.
	Repanicked bool
	// Client is the address of the client whose request was being served, of a panic that
	// net/http's server recovered and logged. The program has gone on, and what follows in
	// the log has nothing to do with it but the next goroutine.
	Client string
}

// Signal is the runtime's report of a signal: either "[signal SIGSEGV: …]"
// below a panic, or the block that opens with "SIGSEGV: segmentation
// violation".
type Signal struct {
	// Name is such as "SIGSEGV". On Windows it is "Exception".
	Name string
	// Text is the rest of the first line, "segmentation violation".
	Text string
	// Code is si_code. Its sign is kept where the runtime printed it unsigned.
	Code int64
	// Addr is the fault address. For a signal that was sent it is the sender's
	// process id, because the runtime prints the same bytes of siginfo.
	Addr uint64
	// PC is the program counter at the signal.
	PC uint64
	// Thread is the runtime's number of the thread, -1 if it was not printed.
	Thread int64
	// InCgo says that the signal arrived while C was running.
	InCgo bool
	// Instruction holds the bytes at PC, which are printed for SIGILL and SIGFPE.
	Instruction []byte
	// Registers are in the order of the text.
	Registers []Register
}

// Register is a machine register.
type Register struct {
	Name  string
	Value uint64
}

// Goroutine is a goroutine of a [GoroutineDump].
type Goroutine struct {
	// ID is the runtime's number. 0 is a thread's scheduler goroutine; the stack
	// that is headed "runtime stack:" has -1. An exception on Windows has a first
	// stack without a header, and its goroutine the ID [UnknownGoroutine].
	ID int64
	// State is what the goroutine was doing: "running", "chan receive",
	// "select (no cases)". Parts of the brackets that this package does not know
	// follow after a comma.
	State string
	// Wait is how long it was blocked. The runtime prints whole minutes, and
	// nothing below one.
	Wait time.Duration
	// Locked says that it is locked to its thread.
	Locked bool
	// Leaked says that nothing can wake it any more: the runtime's leak detection
	// found it.
	Leaked bool
	// Durable says that it waits for its testing/synctest bubble only.
	Durable bool
	// Unavailable says that the runtime could not read the stack, because the
	// goroutine was running on another thread.
	Unavailable bool
	// Partial says that more of the same stack follows: a stack of more than
	// 10000 printed frames is delivered in pieces, so that memory is bounded. The runtime
	// itself prints 100 frames at most.
	Partial bool
	// Bubble is the number of its testing/synctest bubble, 0 if it has none.
	Bubble int64
	// Labels are its profiler labels, in order. Go prints them by default since
	// 1.27, before with GODEBUG=tracebacklabels=1.
	Labels []Label
	// Thread is the runtime's number of the thread that it ran on, -1 if it was
	// not printed (it is with GOTRACEBACK=system) or there was none.
	Thread int64
	// Stack is the stack, oldest call first as everywhere in this package,
	// which is the reverse of the text. Calls that the runtime left out are an
	// entry with Elided set; calls of C have a PC and no Args.
	Stack Calls
	// CreatedBy is the go statement that started it. If that is not known, all of its
	// fields are empty; it is not nil in what this package returns.
	CreatedBy *Location
	// Parent is the goroutine that executed that statement, 0 if unknown.
	Parent int64
	// Ancestors are the stacks of the goroutines that led to it, nearest first,
	// at the moment of their go statement (GODEBUG=tracebackancestors=N).
	Ancestors []Ancestor
}

// UnknownGoroutine is the ID of a goroutine that the dump has without a header.
const UnknownGoroutine = -2

// Label is a profiler label of a goroutine.
type Label struct{ Key, Value string }

// Ancestor is the stack that a goroutine's creator had.
type Ancestor struct {
	ID        int64
	Stack     Calls
	CreatedBy *Location
}

// DumpPart is a piece of a dump: exactly one of the fields after Line is set.
type DumpPart struct {
	// Line is the number of the line that the part starts at.
	Line      int
	Goroutine *Goroutine
	Panic     *Panic
	Signal    *Signal
	// Registers belong to the Signal before them. They are printed after the
	// goroutines.
	Registers     []Register
	Fatal, Detail string
	Unknown       string
}

// ParseGoroutines reads what runtime.Stack, runtime/debug.Stack or
// runtime/pprof's goroutine profile with debug=2 returned, or the complete
// output of a program that died of a panic, a fatal error or a signal. It
// cannot fail: text that is no dump at all is returned as Unknown lines.
//
// The result shares no memory with text or with other results. Goroutines whose stacks
// have the same text share one Stack, and all calls at one place one [Location];
// [Calls.Frames] returns a copy to change. A Stack that is kept keeps up to 8 kB of other
// stacks, 8 kB of Locations and 4 kB of arguments, which were allocated with it. Up to
// 4096 names of a dump are kept for the next call. ParseGoroutines may be called by
// several goroutines at once.
func ParseGoroutines(text []byte, opts ...ParseOption) *GoroutineDump {
	d := &GoroutineDump{}
	s := newDumpScanner(len(text), func(p DumpPart) bool { d.add(p); return true })
	defer s.release()
	for _, o := range opts {
		if o != nil {
			o(s)
		}
	}
	s.copied = true
	// The end of a header is rarer than its beginning, and found faster.
	n := bytes.Count(text, []byte("]:"))
	if n > 0 {
		d.Goroutines = make([]Goroutine, 0, min(n, maxRoom))
	}
	s.repeats.begin(text, n)
	for len(text) > 0 {
		if text = s.next(text); s.bare() {
			text = s.repeated(text, &d.Goroutines)
		}
	}
	s.flush()
	if len(d.Goroutines) == 0 {
		d.Goroutines = nil
	}
	return d
}

// ParseOption changes what [ParseGoroutines] reads.
type ParseOption func(*dumpScanner)

// WithArgs says whether [Frame.Args] is read, as it is by default. With false,
// goroutines that differ only in the arguments of their calls share one Stack too: a
// large dump of such goroutines takes about a seventh of the memory then.
func WithArgs(on bool) ParseOption {
	return func(s *dumpScanner) {
		s.shared = nil
		if !on {
			s.shared = map[uint64]Calls{}
		}
	}
}

// maxRoom bounds what is allocated for what only looks like headers.
const maxRoom = 1 << 14

// add files a part of the dump under its kind.
func (d *GoroutineDump) add(p DumpPart) {
	switch {
	case p.Goroutine != nil:
		d.Goroutines = append(d.Goroutines, *p.Goroutine)
	case p.Panic != nil:
		d.Panics = append(d.Panics, *p.Panic)
	case p.Signal != nil:
		d.Signals = append(d.Signals, *p.Signal)
	case p.Registers != nil:
		// The scanner sends registers only after a signal.
		last := &d.Signals[len(d.Signals)-1]
		last.Registers = append(last.Registers, p.Registers...)
	case p.Fatal != "":
		if d.Fatal != "" {
			d.Details = append(d.Details, "fatal error: "+p.Fatal)
			return
		}
		d.Fatal = p.Fatal
	case p.Detail != "":
		d.Details = append(d.Details, p.Detail)
	default:
		d.Unknown = append(d.Unknown, DumpLine{p.Line, p.Unknown})
	}
}

// maxDumpLine bounds the memory for a line that is read from a stream. The
// runtime prints longer ones only for panic values.
const maxDumpLine = 64 << 10

// ScanGoroutines reads the same text as [ParseGoroutines] from a stream, and
// yields its parts in their order: it holds one goroutine at a time, whatever
// the size of the dump. An Unknown line inside a goroutine comes before that
// goroutine. A line longer than 64 KiB comes in pieces.
//
// An error of r ends the sequence, after the parts that were read up to it.
// The sequence can be ranged over once, because r can.
func ScanGoroutines(r io.Reader) iter.Seq2[DumpPart, error] {
	return func(yield func(DumpPart, error) bool) {
		if r == nil {
			yield(DumpPart{}, errors.New("stackfmt: reading a goroutine dump: nil reader"))
			return
		}
		more := true
		s := newDumpScanner(maxDumpLine, func(p DumpPart) bool {
			if more {
				more = yield(p, nil)
			}
			return more
		})
		defer s.release()
		br := readers.Get().(*bufio.Reader)
		br.Reset(r)
		defer func() {
			br.Reset(nil)
			readers.Put(br)
		}()
		rest := false
		for more {
			line, err := br.ReadSlice('\n')
			ended := len(line) > 0 && line[len(line)-1] == '\n'
			if ended {
				line = line[:len(line)-1]
			}
			switch {
			case rest && (len(line) > 0):
				s.unknown(string(line))
			case rest:
			case ended || len(line) > 0:
				s.line(line)
			}
			rest = errors.Is(err, bufio.ErrBufferFull)
			if err != nil && !rest {
				s.flush()
				if more && !errors.Is(err, io.EOF) {
					yield(DumpPart{}, fmt.Errorf("stackfmt: reading a goroutine dump: %w", err))
				}
				return
			}
		}
	}
}

// Header returns the line that opens the goroutine in a dump, without the
// address of its g: "goroutine 7 [chan receive, 3 minutes, locked to thread]:".
func (g *Goroutine) Header() string {
	switch g.ID {
	case -1:
		return "runtime stack:"
	case UnknownGoroutine:
		return "goroutine ? [" + g.brackets() + "]:"
	}
	return "goroutine " + strconv.FormatInt(g.ID, 10) + " [" + g.brackets() + "]:"
}

func (g *Goroutine) brackets() string {
	var b strings.Builder
	b.WriteString(g.State)
	if g.Leaked {
		b.WriteString(" (leaked)")
	}
	if g.Durable {
		b.WriteString(" (durable)")
	}
	if g.Wait >= time.Minute {
		fmt.Fprintf(&b, ", %d minutes", int64(g.Wait/time.Minute))
	}
	if g.Locked {
		b.WriteString(", locked to thread")
	}
	if g.Bubble != 0 {
		fmt.Fprintf(&b, ", synctest bubble %d", g.Bubble)
	}
	for i, l := range g.Labels {
		b.WriteString([...]string{" labels:{", ", "}[min(i, 1)])
		b.WriteString(strconv.Quote(l.Key) + ": " + strconv.Quote(l.Value))
	}
	if len(g.Labels) > 0 {
		b.WriteByte('}')
	}
	return b.String()
}

// Traceback returns the reason of the dump as a [Traceback], with the stack of
// the goroutine that failed: the last panic, and the earlier ones as its
// Context; or the fatal error; or the signal. It returns nil for a dump without
// a reason, such as one from runtime.Stack.
func (d *GoroutineDump) Traceback() *Traceback {
	var stack Stack
	if len(d.Goroutines) > 0 {
		g := &d.Goroutines[0]
		if g.ID == -1 && len(d.Goroutines) > 1 {
			g = &d.Goroutines[1] // "runtime stack:" is how, not where
		}
		stack = withoutRuntime(g.Stack.Frames())
	}
	switch {
	case d.Fatal != "":
		return &Traceback{Type: "fatal error", Message: d.Fatal, Notes: d.signalNotes(), Stack: stack}
	case len(d.Panics) > 0 && d.Panics[0].Client != "":
		return &Traceback{Type: "panic", Message: d.Panics[0].Message, Stack: beforePanic(stack)}
	case len(d.Panics) > 0:
		var t *Traceback
		stacks := splitAtPanics(stack, len(d.Panics))
		for i, p := range d.Panics {
			switch {
			case p.Repanicked:
				p.Message += repanicked
			case i+1 < len(d.Panics) && p.Recovered && d.Panics[i+1].Message == p.Message:
				continue // before Go 1.23 the value is printed twice
			case i > 0 && d.Panics[i-1].Recovered && d.Panics[i-1].Message == p.Message:
				p.Message += repanicked
			}
			t = &Traceback{Type: "panic", Message: p.Message, Stack: stacks[i], Context: t}
		}
		t.Notes = d.signalNotes()
		return t
	case len(d.Signals) > 0:
		s := d.Signals[0]
		return &Traceback{Type: s.Name, Message: s.Text, Stack: stack}
	}
	return nil
}

// beforePanic returns the calls up to the one that panicked. Behind it are those of the
// function that recovered the panic, and printed the stack.
func beforePanic(s Stack) Stack {
	for i := range s {
		if s[i].Func == "panic" {
			return s[:i]
		}
	}
	return s
}

// withoutRuntime leaves out the calls that the runtime itself leaves out, unless
// it is in trouble and prints everything. A call of C has a program counter and
// no offset.
func withoutRuntime(s Stack) Stack {
	var kept Stack
	for i := range s {
		if f := &s[i]; f.Elided != 0 || f.PC != 0 && f.Offset == 0 || rankOf(f.Func) == rankUser {
			kept = append(kept, *f)
		}
	}
	if kept == nil {
		return s
	}
	return kept
}

func (d *GoroutineDump) signalNotes() []string {
	if len(d.Signals) == 0 {
		return nil
	}
	s := d.Signals[0]
	return []string{fmt.Sprintf("[signal %s: %s code=%#x addr=%#x pc=%#x]", s.Name, s.Text, s.Code, s.Addr, s.PC)}
}

// splitAtPanics returns the stack of each of n panics, the first panic first. A
// panic that arose while another was handled has the whole stack; the one
// before it ends below the call of panic that ran the deferred functions. Of
// panics whose frames are gone (they were recovered) nothing is known.
func splitAtPanics(stack Stack, n int) []Stack {
	var ends []int
	for i := range stack {
		if stack[i].Func == "panic" || stack[i].Func == "runtime.gopanic" {
			ends = append(ends, i)
		}
	}
	out := make([]Stack, n)
	if n == 0 {
		return out
	}
	out[n-1] = stack
	// The youngest panic's own call of panic is not printed by the runtime, so
	// the k-th mark from the top belongs to the k-th panic before the last.
	for i, k := n-2, len(ends)-1; i >= 0 && k >= 0; i, k = i-1, k-1 {
		out[i] = stack[:ends[k]:ends[k]]
	}
	return out
}

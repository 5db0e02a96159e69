package blackbox

import (
	"time"
)

// A Run is what a black box holds of one run of a program.
type Run struct {
	Program    string // base name
	Executable string
	Build      string // as in a report
	PID        int
	BootID     string    // of the machine's run, as in /proc/sys/kernel/random/boot_id
	Started    time.Time // when the process began
	Opened     time.Time // when it opened the box
	End        End

	// Snapshots are those that are whole, oldest first; Torn counts the others.
	Snapshots []Snapshot
	Torn      int

	Annotations []Annotation // in no order
	Breadcrumbs []Breadcrumb // oldest first
	// DroppedBreadcrumbs counts those that found no place, which takes many
	// threads that were stopped in the middle of one; RefusedAnnotations those
	// that were too many.
	DroppedBreadcrumbs, RefusedAnnotations uint64

	// Report is the text of the crash report as far as it came, for
	// report.Parse; empty if there is none.
	Report []byte

	// Damage names the parts that could not be read, and why.
	Damage []string
}

// An EndKind is a way in which a program ends.
type EndKind int

// The package comment says what each of them means.
const (
	Unknown EndKind = iota
	Running
	Clean
	Crashed
	Vanished
	Exited
	Signaled
	OOMKilled
)

var endNames = [...]string{"unknown", "running", "clean", "crashed", "vanished", "exited", "signaled", "OOM-killed"}

func (k EndKind) String() string {
	if k < 0 || int(k) >= len(endNames) {
		return "invalid"
	}
	return endNames[k]
}

// MarshalText returns the name.
func (k EndKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// An End says how a program ended.
type End struct {
	Kind EndKind
	// Signal is that of a crash, or the one that the program died of; 0 when Go itself
	// ended the program.
	Signal int
	// Status is the exit status of a program that exited; -1 where it is not known.
	Status int
	// Asked is the last signal that asked the program to end (SIGTERM, SIGINT, SIGHUP,
	// SIGQUIT) and went to a channel of it (signal.Notify); 0: none.
	Asked int
	// Complete is set when the crash report was written to its end.
	Complete bool
	// Time is when it ended, or the last sign of life of one that left no mark.
	Time   time.Time
	Detail string // a sentence
}

// Unexpected reports whether the run ended in a way that a program should complain
// about when it starts again:
//
//   - it crashed, or the OOM killer killed it;
//   - it vanished: it was killed by SIGKILL, as a supervisor does after a SIGTERM that was
//     not obeyed in time;
//   - it exited with a status other than 0, unless it had been asked to end;
//   - it was killed by a signal other than SIGTERM, SIGINT and SIGHUP, which ask a program to end.
//
// It is false for a deploy that stops the program with SIGTERM, whether that kills the
// program or makes it exit, for an exit with status 0, also by C code, and for Clean,
// Running and Unknown. An exit whose status is not known (C's quick_exit, and exit with
// musl) counts as one with a status other than 0.
func (r *Run) Unexpected() bool {
	const sighup, sigint, sigterm = 1, 2, 15 // the same on every system
	switch e := &r.End; e.Kind {
	case Crashed, Vanished, OOMKilled:
		return true
	case Exited:
		return e.Status != 0 && e.Asked == 0
	case Signaled:
		return e.Signal != sighup && e.Signal != sigint && e.Signal != sigterm
	}
	return false
}

// A Snapshot is a look at the running program.
type Snapshot struct {
	Number uint64 // from 0
	Time   time.Time
	Period time.Duration // until the next one was to be taken
	Cost   time.Duration // what taking it took, of processor time; a part of that is estimated

	Goroutines int
	Groups     int // of equal stacks, also those that Text leaves out

	// Figures are those of the process; -1 where one was not known.
	Figures Figures

	// Text holds the groups as they stand in a report: lines "Goroutines ... (N
	// in all) [STATE] (most recent call first):", or "Goroutine ... [STATE]" for one, and
	// frames. Epitaph's own are left out.
	Text string
}

// Figures are those of a process at one moment. A value that was not known is
// -1; the states of goroutines and the threads are known since Go 1.26.
type Figures struct {
	Runnable, Running, Waiting, NotInGo int64 // goroutines
	HeapObjects, HeapGoal               int64 // bytes
	GoMemory                            int64 // bytes that Go got from the system
	Resident                            int64 // bytes of the process in memory, C's included
	GCCycles                            int64
	Threads                             int64 // that Go made
	GOMAXPROCS                          int64
	// SchedLatency is what one of 100 goroutines waited for a processor, at
	// least, since the snapshot before.
	SchedLatency time.Duration
}

// An Annotation is what handler.Annotate said last of a key. Cut marks a value
// that was longer.
type Annotation struct {
	Key, Value string
	Time       time.Time
	Cut        bool
}

// A Breadcrumb is a text of handler.Breadcrumb. Cut marks one that was longer. Thread and
// Goroutine left it; either is 0 if it is not known, and Goroutine on a thread that ran
// none. Boxes that are older than Epitaph 0.1 have neither.
type Breadcrumb struct {
	Text      string
	Time      time.Time
	Cut       bool
	Thread    int
	Goroutine uint64
}

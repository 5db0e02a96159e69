package report

import "time"

// Kind says what a report is about.
type Kind uint8

const (
	Crash   Kind = iota // it starts with "Fatal error: …" or "Fatal Go error: …"
	Timeout             // it starts with "Timeout (0:00:00.500000)!"
	Dump                // a dump on demand: it starts with "Process: …", in earlier versions with the first stack
)

var kindNames = names{"crash", "timeout", "dump"}

// String returns "crash", "timeout" or "dump".
func (k Kind) String() string               { return kindNames.of(int(k)) }
func (k Kind) MarshalText() ([]byte, error) { return kindNames.marshal(int(k)) }
func (k *Kind) UnmarshalText(b []byte) error {
	i, err := kindNames.unmarshal("kind of report", b)
	*k = Kind(i)
	return err
}

// Report is one report. What a report does not hold is left at its zero value:
// every part is optional, because a part may have been switched off, cut short
// by a failed stage, or lost with the end of the file.
//
// A Report is plain data. It may be read by several goroutines at once, and
// changed by one that has it to itself.
type Report struct {
	Kind     Kind   `json:"kind"`
	Headline string `json:"headline,omitempty"` // of a Crash: "Segmentation fault", "panic: …"
	// GoError says that the headline begins with "Fatal Go error:", because Go itself
	// ended the process. In older reports those of all crashes do.
	GoError bool `json:"go_error,omitempty"`
	// Sentence says what crashed where, as far as the text does; Summary always does.
	Sentence string `json:"sentence,omitempty"`
	// Timeout is the limit that passed, of a report of kind Timeout.
	Timeout time.Duration `json:"timeout_ns,omitempty"`

	Signal *Signal `json:"signal,omitempty"`
	// Messages are what the C library and the C++ runtime said before they
	// aborted: "demo: a.c:17: f: Assertion `x' failed."
	Messages []string `json:"messages,omitempty"`
	// StandardError are the lines that the crashing thread wrote to standard error, within a
	// second, before it aborted; not in a report on standard error itself.
	StandardError []string `json:"standard_error,omitempty"`

	Process *Process `json:"process,omitempty"`
	Host    *Host    `json:"host,omitempty"`
	Memory  *Memory  `json:"memory,omitempty"`
	Build   *Build   `json:"build,omitempty"`
	Notes   []string `json:"notes,omitempty"`

	// GoText is Go's own report, when Go itself ended the process: by a panic, a
	// fatal error, or a signal after its dump. There is no Signal then.
	GoText *Text `json:"go_text,omitempty"`
	// Panic is the panic that the program died of, with the whole chain of an
	// error: as it was formatted in a copy of the process, or as the program has
	// noted it (handler.NotePanic). There are no lines where neither could be done;
	// From says why.
	Panic *Text `json:"panic,omitempty"`

	// Threads holds the stacks of threads, and of groups of threads with equal
	// stacks, in the order of the text: the one that crashed comes first.
	Threads []Thread `json:"threads,omitempty"`
	// AlsoCrashed holds the threads that crashed while the report was written.
	AlsoCrashed []AlsoCrashed `json:"also_crashed,omitempty"`
	// Idle counts the threads that have no stack in the text because it says nothing.
	Idle *IdleThreads `json:"idle,omitempty"`
	// Answers counts the threads that could be asked for their stacks.
	Answers *Answers `json:"answers,omitempty"`

	Goroutines      *Goroutines      `json:"goroutines,omitempty"`
	GoroutineGroups []GoroutineGroup `json:"goroutine_groups,omitempty"`

	Registers []Register `json:"registers,omitempty"`
	Code      *Code      `json:"code,omitempty"`
	Stack     []StackRow `json:"stack,omitempty"`
	// Addresses says which functions the registers and the words of Stack point to.
	Addresses []CodeAddress `json:"addresses,omitempty"`
	Modules   []Module      `json:"modules,omitempty"`

	// Labels are the profiler's labels (runtime/pprof.Do) of the goroutine that crashed.
	Labels      []Annotation `json:"labels,omitempty"`
	Annotations []Annotation `json:"annotations,omitempty"`
	Breadcrumbs []Breadcrumb `json:"breadcrumbs,omitempty"`

	StageFailures []StageFailure `json:"stage_failures,omitempty"`
	End           *End           `json:"end,omitempty"`
	// Truncated says that the text stops before its end line.
	Truncated bool `json:"truncated,omitempty"`

	// Unknown holds the lines that this version does not understand: of a
	// newer Epitaph, cut short, or another writer's in between.
	Unknown []UnknownLine `json:"unknown,omitempty"`
	// Layout tells the order of the lines, one letter a line, when it is not
	// the order in which Epitaph writes (then it is empty). It makes printing
	// exact and need not be looked at. The letters are in layout.go.
	Layout string `json:"layout,omitempty"`
}

// UnknownLine is a line that was kept as it stood.
type UnknownLine struct {
	Line int     `json:"line"` // 1 is the first line of the report
	Text RawText `json:"text"` // without the end of the line
}

// Current returns the thread that the report is about: the one that crashed or
// asked for the dump. It is nil when the report has no such stack.
func (r *Report) Current() *Thread {
	for i := range r.Threads {
		if r.Threads[i].Current() {
			return &r.Threads[i]
		}
	}
	return nil
}

// Complete reports whether the end line is there and says that every stage
// finished.
func (r *Report) Complete() bool { return r.End != nil && r.End.Complete }

// Intact reports whether the end line is there and its count of bytes is the
// one that Parse found. It is false for text that lost something, or got
// something from another writer in between; such text is still parsed.
func (r *Report) Intact() bool { return r.End != nil && r.End.Bytes == r.End.Counted }

// Module returns the module that holds an address, or nil.
func (r *Report) Module(pc Word) *Module {
	for i := range r.Modules {
		if m := &r.Modules[i]; m.Start <= pc && pc < m.End {
			return m
		}
	}
	return nil
}

// ModuleOffset returns how far a frame's PC is from the start of the module
// that holds it, the same in every run of one build. ok is false for frames
// without a PC (those of Go) and outside of all modules.
func (r *Report) ModuleOffset(f Frame) (offset uint64, ok bool) {
	if f.PC == 0 {
		return 0, false
	}
	m := r.Module(f.PC)
	if m == nil {
		return 0, false
	}
	return uint64(f.PC - m.Start), true
}

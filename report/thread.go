package report

import (
	"fmt"
	"strconv"
	"strings"
)

// ThreadKind tells the headers of stacks apart.
type ThreadKind uint8

const (
	OtherThread   ThreadKind = iota // "Thread 0x…"
	CurrentThread                   // "Current thread 0x…"
	ThreadGroup                     // "3 threads […]": threads with equal stacks
	BareStack                       // "Stack (most recent call first):"
	CutThreads                      // "... (12 more threads)": Count that are not shown
	NativeStack                     // "Current thread's C stack trace (most recent call first):"
)

var threadKindNames = names{"thread", "current", "group", "stack", "cut", "native"}

// String returns the name that JSON has: "thread", "current", "group",
// "stack", "cut", "native".
func (k ThreadKind) String() string               { return threadKindNames.of(int(k)) }
func (k ThreadKind) MarshalText() ([]byte, error) { return threadKindNames.marshal(int(k)) }
func (k *ThreadKind) UnmarshalText(b []byte) error {
	i, err := threadKindNames.unmarshal("kind of thread", b)
	*k = ThreadKind(i)
	return err
}

// Thread is a stack and the threads that have it: one, or those of a group.
type Thread struct {
	Kind ThreadKind `json:"kind"`
	// ID is the thread's pthread_t; a group and a bare stack have none.
	ID Word `json:"id,omitzero"`
	// Count is the number of threads: 1, but for groups and for CutThreads.
	Count   int      `json:"count"`
	Members []Member `json:"members,omitempty"`
	// Elided says that Members has only the first of a group.
	Elided bool    `json:"elided,omitempty"`
	Frames []Frame `json:"frames,omitempty"`
}

// Member is a thread's name and kernel id; the id is 0 when it is not known.
type Member struct {
	Name string `json:"name"`
	TID  int    `json:"tid"`
	// State is the letter of proc_pid_stat(5), "S" for one that sleeps, and CPU
	// the time that the thread has used. Both are zero if the text does not have them.
	State string   `json:"state,omitempty"`
	CPU   Duration `json:"cpu,omitzero"`
}

// Current reports whether this is the thread that crashed or asked for a dump.
func (t *Thread) Current() bool {
	return t.Kind == CurrentThread || t.Kind == BareStack || t.Kind == NativeStack
}

// Names returns the names of the threads, one for each member.
func (t *Thread) Names() []string {
	list := make([]string, len(t.Members))
	for i, m := range t.Members {
		list[i] = m.Name
	}
	return list
}

// Name returns the name of the thread, or of the first one of a group.
func (t *Thread) Name() string {
	if len(t.Members) == 0 {
		return ""
	}
	return t.Members[0].Name
}

// TID returns the kernel id of the thread, or of the first one of a group.
func (t *Thread) TID() int {
	if len(t.Members) == 0 {
		return 0
	}
	return t.Members[0].TID
}

// stackSuffix ends every line that a stack follows; the words are faulthandler's.
const stackSuffix = " (most recent call first):"

// What stands before it, of the one stack of a dump.
const (
	bareStack   = "Stack"
	nativeStack = "Current thread's C stack trace"
)

// A list that was cut short ends with three dots or, in the second spelling,
// with the one character for them.
const (
	ellipsis       = "..."
	secondEllipsis = "\u2026"
)

func ellipsisOf(second bool) string {
	if second {
		return secondEllipsis
	}
	return ellipsis
}

func parseThread(line string) (t Thread, ok bool) {
	if n, ok := strings.CutPrefix(line, "... ("); ok {
		n, _, _ = strings.Cut(n, " more thread")
		count, err := strconv.Atoi(n)
		return Thread{Kind: CutThreads, Count: count}, err == nil
	}
	s, ok := strings.CutSuffix(line, stackSuffix)
	if !ok {
		return t, false
	}
	t.Count = 1
	switch s {
	case bareStack:
		t.Kind = BareStack
		return t, true
	case nativeStack:
		t.Kind = NativeStack
		return t, true
	}
	if id, ok := strings.CutPrefix(s, "Current thread "); ok {
		t.Kind, s = CurrentThread, id
	} else if id, ok := strings.CutPrefix(s, "Thread "); ok {
		t.Kind, s = OtherThread, id
	} else {
		return parseGroup(s)
	}
	id, list, named := strings.Cut(s, " [")
	if t.ID, ok = parseWord(id); !ok || !named {
		return t, ok
	}
	m, ok := parseMember(strings.TrimSuffix(list, "]"))
	if !ok {
		m = Member{Name: decode(strings.TrimSuffix(list, "]"), false)}
	}
	t.Members = []Member{m}
	return t, true
}

func parseGroup(s string) (t Thread, ok bool) {
	t.Kind = ThreadGroup
	n, list, ok := strings.Cut(s, " threads [")
	t.Count, _ = strconv.Atoi(n)
	list, closed := strings.CutSuffix(list, "]")
	if !ok || !closed || t.Count < 1 {
		return t, false
	}
	member := 0 // where it starts: a semicolon before its number is in its name
	for part := 0; part < len(list); {
		end := len(list)
		if i := strings.Index(list[part:], "; "); i >= 0 {
			end = part + i
		}
		if _, ok := parseMember(list[part:end]); ok {
			m, _ := parseMember(list[member:end])
			t.Members = append(t.Members, m)
			member = end + len("; ")
		}
		part = end + len("; ")
	}
	switch list[min(member, len(list)):] {
	case "":
	case ellipsis, secondEllipsis:
		t.Elided = true
	default:
		return t, false
	}
	return t, t.Elided || len(t.Members) == t.Count
}

func parseMember(s string) (Member, bool) {
	var m Member
	if rest, cpu, ok := cutLast(s, ", "); ok {
		if rest, state, ok := cutLast(rest, ", "); ok && len(state) == 1 && strings.HasSuffix(cpu, " s") {
			if d, ok := parseDuration(cpu); ok {
				s, m.State, m.CPU = rest, state, d
			}
		}
	}
	name, id, ok := cutLast(s, ", ")
	tid, err := strconv.Atoi(id)
	m.Name, m.TID = decode(name, false), tid
	return m, ok && err == nil && tid > 0
}

func appendThread(b []byte, t Thread, second bool) []byte {
	switch t.Kind {
	case CutThreads:
		return fmt.Appendf(b, "... (%d more %s)", t.Count, plural("thread", t.Count, second))
	case BareStack:
		return append(append(b, bareStack...), stackSuffix...)
	case NativeStack:
		return append(append(b, nativeStack...), stackSuffix...)
	case ThreadGroup:
		b = append(strconv.AppendInt(b, int64(t.Count), 10), " threads"...)
	case CurrentThread:
		b = appendWord(append(b, "Current thread "...), t.ID)
	default:
		b = appendWord(append(b, "Thread "...), t.ID)
	}
	for i, m := range t.Members {
		if i == 0 {
			b = append(b, " ["...)
		} else {
			b = append(b, "; "...)
		}
		b = appendText(b, m.Name)
		if m.TID != 0 {
			b = strconv.AppendInt(append(b, ", "...), int64(m.TID), 10)
		}
		if m.State != "" {
			b = append(append(append(b, ", "...), m.State...), ", "...)
			b = appendDuration(b, m.CPU)
		}
	}
	if t.Elided {
		b = append(append(b, "; "...), ellipsisOf(second)...)
	}
	if len(t.Members) > 0 {
		b = append(b, ']')
	}
	return append(b, stackSuffix...)
}

// Fault is a signal and where it struck.
type Fault struct {
	Signal  string `json:"signal"`
	Number  int    `json:"number"`
	Address Word   `json:"address"`
	PC      Word   `json:"pc"`
}

// AlsoCrashed is a thread that crashed while another one was being reported.
type AlsoCrashed struct {
	TID  int    `json:"tid"`
	Name string `json:"name"`
	Fault
}

func parseFault(s string) (f Fault, ok bool) {
	f.Signal, f.Number, s, ok = cutNumbered(s)
	s, ok1 := strings.CutPrefix(s, " at ")
	address, pc, _ := strings.Cut(s, ", PC ")
	var ok2, ok3 bool
	f.Address, ok2 = parseWord(address)
	f.PC, ok3 = parseWord(pc)
	return f, ok && ok1 && ok2 && ok3
}

func appendFault(b []byte, f Fault) []byte {
	b = append(appendNumbered(b, f.Signal, f.Number), " at "...)
	b = append(appendWord(b, f.Address), ", PC "...)
	return appendWord(b, f.PC)
}

func parseAlsoCrashed(line string) (a AlsoCrashed, ok bool) {
	s, ok := strings.CutPrefix(line, "Also crashed: thread ")
	tid, s, _ := strings.Cut(s, ` "`)
	name, s, _ := strings.Cut(s, `", `)
	n, err := strconv.Atoi(tid)
	a.TID, a.Name = n, decode(name, true)
	var ok1 bool
	a.Fault, ok1 = parseFault(s)
	return a, ok && ok1 && err == nil
}

func appendAlsoCrashed(b []byte, a AlsoCrashed, _ bool) []byte {
	b = strconv.AppendInt(append(b, "Also crashed: thread "...), int64(a.TID), 10)
	b = appendQuoted(append(b, ' '), a.Name)
	return appendFault(append(b, ", "...), a.Fault)
}

// Answers counts the other threads that were asked for their stacks.
type Answers struct {
	Answered   int `json:"answered"`
	Total      int `json:"total"`
	Blocked    int `json:"blocked"`    // they block the thread signal
	Late       int `json:"late"`       // they answered after the deadline
	Unsendable int `json:"unsendable"` // the signal could not be sent
	// The text has the others only if they are not 0.
	Ended    int `json:"ended,omitempty"`     // after they were counted
	Spared   int `json:"spared,omitempty"`    // the signal would have ended their system call
	NotAsked int `json:"not_asked,omitempty"` // there were too many
}

func parseAnswers(line string) (a Answers, ok bool) {
	s, rest, _ := strings.Cut(line, "; ")
	if _, err := fmt.Sscanf(s, "%d of %d threads answered", &a.Answered, &a.Total); err != nil {
		return a, false
	}
	for part := range strings.SplitSeq(rest, "; ") {
		digits, what, _ := strings.Cut(part, " ")
		n, _ := strconv.Atoi(digits)
		switch what {
		case "block the signal":
			a.Blocked = n
		case "were late":
			a.Late = n
		case "unsendable":
			a.Unsendable = n
		case "had ended":
			a.Ended = n
		case "not interrupted":
			a.Spared = n
		case "not asked":
			a.NotAsked = n
		}
	}
	return a, true
}

// appendAnswers writes the line without what is zero; the second spelling, of before, has
// the first of these too.
func appendAnswers(b []byte, a Answers, second bool) []byte {
	b = fmt.Appendf(b, "%d of %d threads answered", a.Answered, a.Total)
	part := func(n int, what string) {
		if n != 0 || second {
			b = fmt.Appendf(b, "; %d %s", n, what)
		}
	}
	part(a.Blocked, "block the signal")
	part(a.Late, "were late")
	part(a.Unsendable, "unsendable")
	second = false
	part(a.Ended, "had ended")
	part(a.Spared, "not interrupted")
	part(a.NotAsked, "not asked")
	return b
}

package goroutines

import "time"

// A Set is the goroutines of a process at one moment.
type Set struct {
	Groups []Group
	// Count is how many goroutines there are: those in Groups, and those of
	// which no stack is known because there was no room for it.
	Count int
	// Own is how many more there are that belong to Epitaph.
	Own int
}

// A Group is goroutines that do the same.
type Group struct {
	IDs   []int64 // in ascending order; none where the runtime tells none
	Count int
	// State is what they do or wait for; empty where the runtime does not tell.
	State            string
	MinWait, MaxWait time.Duration // whole minutes
	Locked           bool          // each to a thread of its own
	Bubble           int64         // of testing/synctest, 0: none
	Labels           []Label       // those that all of them have
	// Thread is the one that crashed while it worked for this goroutine, or 0.
	Thread  int
	Frames  []Frame // most recent call first
	NoStack string  // why there are no frames
	// CreatedBy is the go statement, the zero Frame if it is not known, and
	// Parent the goroutine that executed it, 0 if that is not known or not one.
	CreatedBy Frame
	Parent    int64
	// rank orders the groups: see likelyFirst.
	rank int
}

// A Label is a profiler label.
type Label struct{ Key, Value string }

// A Frame is a call, or a mark for calls that were left out.
type Frame struct {
	Func, File string
	Line       int
	PC         uint64 // of a call of C that has no name
	// Elided is how many frames were left out here, -1 for an unknown number,
	// and 0 for a call.
	Elided int
}

// known is how many goroutines the groups hold.
func (s *Set) known() int {
	n := 0
	for i := range s.Groups {
		n += s.Groups[i].Count
	}
	return n
}

// Package shared is what the victim's crash hook tells the test, in memory that is shared:
// nothing else outlives a copy of the process.
package shared

// Page is a file's content, for both.
type Page struct {
	Began, Ended uint64 // how often the crash hook has
	Commits      uint64 // what other goroutines had begun when it began
	Committed    uint64 // what they have brought to an end, whenever; atomic
	Left         int64  // ns to the end of its context
	WellFormed   bool   // what the context says of itself
	Size         uint64
	Report       [1 << 20]byte // what it was given, Size bytes
}

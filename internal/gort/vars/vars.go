package vars

// An Address is that of a variable; 0 is none.
type Address uintptr

// Valid tells whether it was found.
func (a Address) Valid() bool { return a != 0 }

// A Backlog is the ring in which the runtime keeps what it prints while nothing is
// panicking (runtime/print.go, recordForPanic): the addresses of runtime.printBacklog,
// [512]byte, and of runtime.printBacklogIndex, an int. The message of a fatal error is
// the last of it, which debug.SetCrashOutput's file does not get.
type Backlog struct{ Ring, Index uintptr }

// Valid tells whether it was found.
func (b Backlog) Valid() bool { return b != Backlog{} }

// SignalMasks are the addresses of two bit masks of the runtime, each of three uint32,
// signal N being bit N%32 of word N/32: the signals that were asked for by
// signal.Notify, and those that signal.Ignore was called for. Both change at any time
// and are read atomically, from a signal handler, too.
type SignalMasks struct{ Wanted, Ignored uintptr }

// Valid tells whether they were found.
func (m SignalMasks) Valid() bool { return m != SignalMasks{} }

// Package handler writes a report when a Go program that calls C crashes, and dumps of one
// that hangs.
//
// Without it, a fault in C prints Go stacks without any C frame and ends with status 2. A
// fault on a thread that C created prints nothing at all; as PID 1 of a container the
// process then hangs. After
//
//	if err := handler.Enable(); err != nil {
//		log.Print(err) // the program runs on; see Enable
//	}
//
// a fatal signal (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS) that Go does
// not turn into a panic writes a report to standard error, to [WithOutput], or to a file
// in [WithDir]: one sentence that says what crashed where, the C and Go functions of the
// crashing thread in one stack, the other threads, the goroutines, registers and modules.
// Then the process is killed by the original signal. Package report parses the text.
//
// # Panics and fatal errors
//
// What Go handles stays with Go: a nil dereference is a panic, recovered or not, and a
// signal that another process sends goes to the program's [os/signal.Notify] channel if
// there is one for it.
//
// An unrecovered panic and a fatal error ("concurrent map writes") print what they always
// print, and end with the same status. They are reported only to places other than
// standard error: [WithDir], [WithOutput], [WithBlackBox], [WithTermination]. The report
// adds the stacks of all threads, a recent snapshot of the goroutines, the breadcrumbs,
// and the whole chain of an error that was panicked with.
//
// To format that chain the process is forked once Go has printed its text, and the methods
// Error, Unwrap and String of the value are called in the copy. The copy has no files, no
// network and no other goroutines, and is killed after 400 ms. There is no copy of a
// process with more than 8 GiB of memory of its own, nor with [WithNoFork]; [NotePanic]
// needs none. [WithOnCrash] runs a function of the program after the report.
//
// # Dumps
//
// [Dump] shows what a healthy program is doing, and does not stop it. [Register] does the
// same for each signal of a number. [DumpLater] and [Watchdog] dump a program that hangs:
// they work when all goroutines are stuck. None of these needs [Enable].
//
// Other threads are interrupted with a real-time signal ([WithThreadSignal]), and answer
// with their stacks. In a dump, a thread in a system call that a signal would end with
// EINTR is not interrupted; its stack is read from outside ([WithInterrupt] changes that).
// Go has two seconds to list its goroutines. If it does not answer, the newest snapshot
// ([WithSnapshot]) is shown, with its age. Of up to 10 000 goroutines each is listed with
// its id and state; of more, each stack with the number of goroutines that have it.
//
// # Where it works
//
// All of this works on linux/amd64 and linux/arm64 with cgo. On other platforms, and with
// CGO_ENABLED=0, each call does what pure Go can, and returns an error that wraps [ErrNoNative]: [Enable]
// copies Go's own text of a panic or fatal error to the place of the report, and dumps
// show goroutines only.
//
// All functions are safe for concurrent use. None may be called after a fault: from then
// on only the C core runs, which allocates nothing and takes no lock. What Epitaph changes
// in a healthy program, and what it cannot report, is in docs/limits.md of the module;
// docs/how-it-works.md describes the core.
package handler

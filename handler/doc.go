// Package handler reports how a Go program that calls C dies.
//
// Without it, a fault in C prints the Go stacks but none of the C frames and
// ends with status 2; a fault on a thread that C created prints nothing at all,
// and as PID 1 of a container the process hangs for ever. After
//
//	if err := handler.Enable(); err != nil {
//		log.Print(err) // the program runs on, without reports
//	}
//
// a fatal signal (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS)
// that Go would not turn into a panic writes a report to standard error (or to
// [WithOutput], or to a file in [WithDir]): the cause in words, where the process
// ran and what memory, threads and descriptors it had left, the C and Go
// functions of the crashing thread in one list, the stacks of all other threads,
// registers, code and stack words, the modules. Then the process dies of the original signal, so that
// its exit status tells it and a core dump shows the fault.
//
// What Go handles stays with Go: a nil dereference or a call of a nil func is
// a panic as before, recovered or not, and is not reported. A signal that
// somebody sends goes to the program's signal.Notify channel if it has one for
// that signal.
//
// An unrecovered panic and a fatal error of Go ("concurrent map
// writes") print what they always print, and end with the same status. They are
// reported as well, but only to places that are not standard error: a file in
// [WithDir], the file of [WithOutput], a black box. The report has Go's text,
// complete, and what Go cannot tell: the C stacks of all threads, the newest
// snapshot of the goroutines, the breadcrumbs. For this Enable sets the one bit of
// the runtime's traceback level that has such deaths end in SIGABRT
// (runtime.traceback_cache), which [Disable] takes back, and takes the crash output
// of runtime/debug if the program does not use it. debug.SetTraceback and
// debug.SetCrashOutput mean what they mean without Epitaph; a second after the
// call the bit is set again.
//
// After a panic the program does not go on: a panic stops all goroutines, and for good.
// The function of [WithOnCrash] is called after the report, if there is one, in a copy of
// the process, where there are no other goroutines, no files and no network. Only with
// [WithOnCrashResume] it is called in the process itself, for which Go's scheduler is set
// going again; until the function returns all other goroutines go on with their work then.
//
// Of an error that is panicked with Go prints the text; the report has the whole
// chain, as package stackfmt prints it. It is made after Go has said what it has to
// say, in a copy of the process: the core forks, and in the copy the goroutine that
// died goes on and calls the methods Error, Unwrap and String of the value once more.
// There is nothing else in the copy: no other goroutine, no descriptor, no handler of
// the program's for any signal. It is killed when it has not answered after 400 ms,
// which is what becomes of a method that waits for a lock, writes to a file or calls C.
// Nothing is copied of a process that has more than 8 GiB of memory of its own, since
// that takes its time. Go keeps the text of a value alone once it has that, so what the
// value wraps may be gone where the collector has run in the last moment: a value with
// another text is left out, below it nothing can be compared. [NotePanic] does it all
// before the goroutine dies, and then nothing is copied; nor is it with
// [WithNoFork].
//
// Threads are asked for their stacks with a real-time signal (see
// [WithThreadSignal]), for a report or a dump. In a healthy process none is sent to
// a Go thread, nor to one that C code made with pthread_create after Enable, in the
// program or, with package handler/interpose, in a shared library: these have an
// alternate signal stack from their beginning on, so that the overflow of their own
// can be reported. Any other thread is sent the signal once, to be given one, when it
// has been found asleep twice, a second apart, in the same system call, one that goes
// on after a signal (signal(7), SA_RESTART). A signal of Epitaph's is never pending in a
// program that a thread has replaced this one by, with execve (since Linux 4.14).
//
// Goroutines are shown as they are at the crash, since a fault on one thread
// leaves Go's scheduler running: goroutines of this package wait to be asked for
// them (see [WithPoll]), and have two seconds to answer. With up to 10 000
// goroutines their ids and states are shown, with more only how many have which
// stack. Where the scheduler does not answer the report says so, and on a thread
// of Go's hands over to Go's handler, as with [WithChain], whose dump needs no
// scheduler.
//
// [Dump] shows what a healthy program is doing, and [Register] does so when it
// gets a signal.
//
// A program that hangs is shown by [DumpLater] and by a [Watchdog], which need no
// Enable: a C thread waits for the time, and asks threads and goroutines as a
// crash does.
//
// Several processes may report to the same file, pipe or terminal: each takes a
// record lock (fcntl) on one byte far behind the file's end while it writes, and
// waits for another one's for a twentieth of the deadline, a second at most, or, with
// a dump, a quarter of it. After that it writes all the same. A file of [WithDir] is
// nobody else's, and not locked.
//
// All of this works on linux/amd64 with cgo. Elsewhere, and with CGO_ENABLED=0, each
// call does what pure Go can, and returns an error that wraps [ErrNoNative]: [Enable]
// copies Go's own text of a panic or fatal error to the place of the report, and dumps
// show the goroutines alone.
//
// Nothing in this package may be called after a fault; what then runs is the C
// core in package native.
package handler

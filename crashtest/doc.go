// Package crashtest runs code that is expected to crash, or to hang, in a process of
// its own, and compares what became of it with what is expected. It is for tests of
// packages that call C.
//
//	func TestNoPlanes(t *testing.T) {
//		in := frame(t, "testdata/no-planes.bin") // runs in both processes
//		crashtest.Run(t, func() { Decode(in) }).Want(`
//			SIGSEGV: write through a NULL pointer
//			copy_plane    decode.c
//			decode_frame  decode.c
//			...
//			dec.Decode    decode.go
//			...
//		`)
//	}
//
// The new process is the test binary again, running that one test up to [Run]: what
// stands before Run runs twice, what stands behind it runs here alone, and variables
// that the function changes are changed there. It has the directory and the environment
// that this process started with.
//
// go test strips its binaries. Static C functions have no names then, and C code no lines
// and no inlined calls. Keep them:
//
//	go test -ldflags='-s=0 -w=0'
//	GOFLAGS="'-ldflags=-s=0 -w=0'" go test
//
// # Patterns
//
// The first line of a pattern says how the process ended:
//
//	SIGSEGV              killed by this signal (or by Go, right after Epitaph's report of it)
//	SIGABRT: double free the same; the text is part of the cause, or of what libc said
//	panic: TEXT          an unrecovered panic
//	fatal error: TEXT    a fatal error of Go's runtime
//	exit 3               this exit status
//	goexit               the function called runtime.Goexit, or t.FailNow
//	hang                 it was still running at the time limit
//	ok                   the function returned
//
// The text may be left out. The other lines are the stack, innermost call first; without
// them any stack will do:
//
//	FUNC [FILE[:LINE]] [(inlined)]
//	...
//
// FUNC is a function's name, or the end of one after a dot or a slash: Decode, dec.Decode
// and (*Decoder).Next are names. FILE is the end of a path. A * stands for any characters,
// a line with ... for any calls, or none. A call that is marked as inlined may be missing
// where the binary has no line information.
//
// Some frames are left out on both sides: where goroutines and threads start, where
// Go and C call each other, the internals of libc and of Go's runtime. Of libc there is
// the function that was called: memcpy, free, abort. In front, where a process ends itself
// (SIGABRT, a panic, a hang), a pattern may leave that out too. Numbers of closures,
// parameters, type arguments and the suffixes of compilers (.cold, .part.0) do not count.
//
// Which calls a C compiler inlines depends on the compiler and its flags. A pattern with
// ... holds for all of them, a complete one for those that it was written with.
//
// # What the new process is like
//
// It runs with package handler's Enable, without core dumps, and without reading symbols
// (WithSymbolBudget(0)), which is left to the test's process. If it does not end in
// time its stacks are dumped and it is ended; the limit is that of [WithTimeout], and
// earlier where go test's own would come first. It dies with the test's process. Its
// temporary directory is removed with the test's.
//
// A process that a signal has killed, or a panic, still counts for the coverage of go
// test -cover, and for that of C code that was compiled with --coverage. One that hung
// does not, nor one that Go ended by a fatal error. AddressSanitizer and its kin leave
// the signals to Epitaph, and abort at what they find.
//
// go test caches results. It does not see files that C code opens, or that are opened in
// the function: open them before Run, or run with -count=1.
//
// # Fuzzing
//
// In a fuzz target, Run works on the seeds, not while fuzzing: go test -fuzz reads
// no output of its workers. [Corpus] runs what a fuzzer has found.
//
// # Variables
//
//	CRASHTEST_UPDATE=1     Golden writes its files (so does a flag -update that the test defines)
//	CRASHTEST_EXEC="CMD"   new processes are run by this command, as by go test -exec
package crashtest

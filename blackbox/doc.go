// Package blackbox reads what a program left behind in the file of
// handler.WithBlackBox: its last snapshots, breadcrumbs and annotations, the
// report of its crash if there was one, and how it ended. It also reads the file of a
// program that is running, without disturbing it.
//
// The package is pure Go and reads on any machine what was written on another.
// The layout of the file is described in package internal/boxformat and in
// native/notes.h, ring.h and box.h: fixed places, little-endian numbers.
//
// # How a program ended
//
// What the file shows, and what it cannot:
//
//   - [Crashed]: the core of Epitaph saw a fatal signal, an unrecovered panic or a
//     fatal error of Go. The report is in [Run.Report], complete or as
//     far as it came.
//   - [Exited]: main returned, or the program called os.Exit, log.Fatal, or C's exit,
//     quick_exit or _exit; [End.Status] and End.Detail say what. As the next one, this end leaves a mark in
//     the file.
//   - [Signaled]: the program died of a signal that it does not handle: SIGTERM, SIGINT,
//     SIGHUP, SIGQUIT; SIGPIPE; on a thread that C created also SIGALRM, SIGXCPU, SIGXFSZ
//     and the like, which Go ignores on its own threads.
//   - [Clean]: handler.Disable was called. The program should do so at the end of
//     main. With defer it is called when main panics, too.
//   - [Running]: a process holds the file, of this machine and in whatever PID
//     namespace, which only [Open] can tell; or the process with the number and
//     the start time of the box is there.
//   - [OOMKilled]: it left no mark, and the kernel counts more kills of its OOM killer
//     in the program's memory cgroup than at the last snapshot.
//   - [Vanished]: none of these: it was killed by SIGKILL. [End.Detail] says whether that
//     can have been the OOM killer: not if it has killed nothing on this machine since;
//     perhaps, if it has, and the cgroup is gone, as that of a container is. Some other
//     ends leave no mark either: a fault that was blocked; syscall.Exit and other calls of
//     the system's exit_group; _exit of a shared library without package
//     handler/interpose; a signal whose action is the default one since the program or
//     its C code has set that, or since Go is a library (c-shared, c-archive), which
//     leaves the signals to its host; and all in a release of Go that Epitaph does not know.
//   - [Unknown]: there is no mark, and this machine has not been running since the
//     box was made. Either it has been started again, and may have gone down with
//     the program, as in a power failure; or the box is of another machine, where
//     its process may still run. The two look the same. The same applies where
//     the system does not distinguish one run of the machine from the next.
//
// [Run.Unexpected] reports whether the program should complain about the end.
//
// The files may be hostile: any bytes give a Run or an error, in time and memory
// linear in their size, of which no more than that of a box is read.
package blackbox

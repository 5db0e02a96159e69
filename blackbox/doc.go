// Package blackbox reads what a program left behind in the file of
// handler.WithBlackBox: its last snapshots, breadcrumbs and annotations, the
// report of its crash if there was one, and how it ended. It reads the file of a
// program that still runs as well, which does not notice.
//
// The package is pure Go and reads on any machine what was written on another.
// The layout of the file is described in package internal/boxformat and in
// native/notes.h, ring.h and box.h: fixed places, little-endian numbers.
//
// # How a program ended
//
// What the file can tell, and what it cannot:
//
//   - [Crashed]: the core of Epitaph saw a fatal signal, or a panic or fatal error
//     of Go's that nothing recovers. The report is in [Run.Report], complete or as
//     far as it came.
//   - [Clean]: handler.Disable was called. The program should do so at the end of
//     main. With defer it is called when main panics, too.
//   - [Running]: a process holds the file, of this machine and in whatever PID
//     namespace, which only [Open] can tell; or the process with the number and
//     the start time of the box is there.
//   - [Vanished]: none of these. It was killed by SIGKILL, which the kernel's OOM
//     killer uses too, or by a fault that was blocked; or it left by os.Exit, or by
//     the return of main without handler.Disable: such ends leave no mark. See
//     [End.Detail]; the trend of the snapshots often tells the rest.
//   - [Unknown]: there is no mark, and this machine has not been running since the
//     box was made. Either it has been started again, and may have gone down with
//     the program, as in a power failure; or the box is of another machine, where
//     its process may still run. The two look the same. So it is where the system
//     does not tell one run of the machine from the next.
//
// The files may be hostile: any bytes give a Run or an error, in time and memory
// linear in their size, of which no more than that of a box is read.
package blackbox

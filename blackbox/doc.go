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
//   - [Crashed]: the core of Epitaph saw a fatal signal. The report is in
//     [Run.Report], complete or as far as it came.
//   - [Clean]: handler.Disable was called. The program should do so last, with
//     defer in main.
//   - [Running]: a process holds the file, of this machine and in whatever PID
//     namespace, which only [Open] can tell; or the process with the number and
//     the start time of the box is there.
//   - [Vanished]: none of these. It was killed by SIGKILL, which the kernel's OOM
//     killer uses too, or by a fault that was blocked; or it left by os.Exit, by
//     a Go panic, or by the return of main without handler.Disable: such ends
//     leave no mark. When the box is of an earlier run of this machine, the
//     machine itself may have gone down with it, as in a power failure. See
//     [End.Detail]; the trend of the snapshots often tells the rest.
//   - [Unknown]: the box is of another machine and has no other mark, so that
//     nobody can tell whether its process still runs.
//
// The files may be hostile: any bytes give a Run or an error, in time and memory
// linear in their size, of which no more than that of a box is read.
package blackbox

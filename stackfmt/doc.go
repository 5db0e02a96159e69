// Package stackfmt prints errors, panics and call stacks as Python's traceback
// module does: the most recent call last, with the source line of each call and
// the part of it that ran underlined, causes before what they caused, joined
// errors as a tree.
//
//	Traceback (most recent call last):
//	  File "/srv/app/main.go", line 31, in main.main
//	    cfg, err := load(path)
//	  File "/srv/app/config.go", line 12, in main.load
//	    port := ports[len(ports)]
//	            ~~~~~^^^^^^^^^^^^
//	runtime.boundsError: runtime error: index out of range [3] with length 3
//
// # Data
//
// A [Frame] is a call, a [Stack] a list of them, a [Traceback] an error with its
// stack and all that it wraps. They are plain values that hold no reference to
// the error they were made from: they can be kept, compared, edited, logged
// (log/slog), sent (JSON) and made from what other programs wrote
// ([ParseGoroutines], whose [Calls] are a compact form of a Stack). Frames of C and C++, with or without debug information,
// stand beside those of Go.
//
// # Making and printing
//
//   - the current stack: [PrintStack], [FormatStack], [ExtractStack], [WalkStack];
//   - an error: [PrintError], [FormatError], [FormatErrorOnly], [FromError];
//   - a recovered panic: [PrintPanic], [FormatPanic], [FromPanic], and later
//     [PrintLast];
//   - a list of frames: [PrintList], [FormatList].
//
// Print functions write to an io.Writer as they go; Format functions return a
// string for each header, frame and message; Lines methods are the same as an
// iterator; Append methods append to a slice of bytes and are the fastest. All
// give the same bytes.
//
// Errors need a stack to show one. Those of the usual libraries have it and are
// understood; for code without one there are [Wrap] and [WithStack].
//
// # Source lines
//
// Lines are read when they are printed, from disk or from what [WithSource] and
// [WithSourceFS] name, and kept. A file that is missing or newer than the program
// is no error: the frame is printed without its line. To find the part of a line that
// ran, the other files of its package may be read too.
//
// # Safety
//
// No function panics, whatever the data (a hook of the caller's that does goes
// through), and none takes more time or memory than in proportion to what it
// prints. All of them allocate, read files and take locks: none may run in a
// signal handler or after a fault. Values may be read by several goroutines at
// once.
package stackfmt

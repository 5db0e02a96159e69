// Package report reads the reports that Epitaph writes when a process crashes
// back into Go values: for tools that collect crashes, group them, or look up
// their addresses, and for tests that say how a program must crash.
//
// It is pure Go, so it builds for every platform with CGO_ENABLED=0. No text makes it
// panic, and its time and memory are linear in the length of the text.
//
// Summary says in one sentence what crashed where and why, or what a program hangs in, Program has the program's own
// frames, Signature groups, WaitsFor explains a hang, Record is a flat record for logs, and
// Resolve gives the report of a stripped program its functions and lines.
//
// # Text
//
// Parse reads one report; a Scanner finds reports in a stream of other output.
// Every line has a value that is typed, and a line counts as understood only if
// its value prints as exactly that line. All other lines are kept as they stood,
// in Report.Unknown, so printing a parsed report (String, AppendText,
// MarshalText) gives back the same bytes, for every text that Parse accepts: one
// of a newer Epitaph, one with another writer's lines in between, one with the
// \r\n of a terminal's capture, one that stops in the middle of a line.
//
// Names, paths and other strings from outside are printable ASCII in a report:
// other code points are \uNNNN or \UNNNNNNNN, and bytes that are no text are
// \xNN. In the parsed values a code point that can be printed is itself, and
// \x22 within quotes is a quote. Other escapes stay as they are: control
// characters, which would otherwise reach the terminal that a value is printed
// on, bytes that are not UTF-8, which JSON cannot hold, and the backslash,
// \x5c. So a value is always printable UTF-8. Unescape gives the exact bytes.
//
// The lines, in the usual order; all but the first are optional:
//
//	Fatal error: TEXT
//	Fatal Go error: TEXT
//
//	SENTENCE
//	Signal: NAME (N), CODE (N): CAUSE
//	Message: "TEXT"
//	Standard error: "TEXT"
//	Process: PID "NAME" (PATH), thread TID "NAME", TIME, up DURATION
//	Build: GO-VERSION OS/ARCH, MODULE VERSION (revision HASH, modified), build-id HEX
//	Note: TEXT
//
//	Go's own report (FROM):
//	  TEXT
//
//	Panic (noted by goroutine N):
//	  TEXT
//
//	Annotations:
//	  KEY = VALUE
//	Breadcrumbs:
//	  DURATION before: TEXT
//
//	Current thread ADDRESS [NAME, TID] (most recent call first):
//	  File "PATH", line N in FUNCTION (inlined) (frame pointer)
//	  File "PATH", line N in FUNCTION [ADDRESS] (near) (scan)
//	  Binary file "PATH", at FUNCTION+0xOFFSET [ADDRESS] (inlined) (scan)
//	  Binary file "PATH", at +0xOFFSET [ADDRESS]
//	  Binary file "<unknown>" [ADDRESS]
//	  Code of no module "NAME" (PERM), at FUNCTION+0xOFFSET [ADDRESS] (scan)
//	  <not executable: ADDRESS>
//	  <signal handler called>
//	  <stack lost: TEXT>
//	  <no stack: TEXT>
//	  <Epitaph's own thread>
//	  <stack read from outside (in CALL): TEXT>
//	  [Previous line repeated N more times]
//	  [Previous N lines repeated N more times]
//	  ... (N more frames)
//	  ...
//	Also crashed: thread TID "NAME", SIGNAL (N) at ADDRESS, PC ADDRESS
//
//	Thread ADDRESS [NAME, TID, STATE, CPU-TIME] (most recent call first):
//	N threads [NAME, TID, STATE, CPU-TIME; NAME, TID; ...] (most recent call first):
//	... (N more threads)
//
//	N idle threads of Go's runtime [TID; TID; ...], N of Epitaph's
//	N idle threads of Epitaph's
//
//	N of N threads answered; N block the signal; N were late; N unsendable; N had ended; N not interrupted; N not asked
//
//	Goroutines: N, live, in N groups
//	Goroutines: N, live, in N groups; N of Epitaph's own not shown
//	Goroutines: N, snapshot DURATION old (REASON), in N groups
//	Goroutines: unknown (REASON)
//
//	Goroutine ID [STATUS, DETAIL] (most recent call first):
//	Goroutines ID, ID, ... (N in all) [STATUS, DETAIL] (most recent call first):
//	Goroutines ... (N in all) [STATUS] (most recent call first):
//	Goroutine ... [STATUS] (most recent call first):
//	N goroutines (most recent call first):
//	  Created by FUNCTION in goroutine ID, File "PATH", line N
//	... (N more goroutines)
//
//	Registers:
//	  NAME ADDRESS  NAME ADDRESS
//	Code: HH HH <HH> HH
//	Stack: ADDRESS: WORD WORD WORD WORD
//	Addresses:
//	  REGISTER:  Binary file "PATH", at FUNCTION+0xOFFSET [ADDRESS]
//	  stack+0xOFFSET:  Binary file "PATH", at FUNCTION+0xOFFSET [ADDRESS]
//	Modules:
//	  START-END PATH build-id HEX
//	  START-END PATH build-id HEX (lines: over the budget)
//	Earlier breadcrumbs:
//	  DURATION before: TEXT
//	Panic (FROM):
//	  TEXT
//	End of report (complete, N bytes, DURATION): SENTENCE
//	End of report (incomplete: REASON, REASON, N bytes, DURATION): SENTENCE
//	End of report (headline, N bytes, DURATION): SENTENCE
//
// A crash begins with one of the first two lines: the second one where Go itself ended
// the process and, in reports that were written before there was the first one, of every
// crash. SENTENCE says what crashed where or, of a dump, what the program hangs in; where
// the stack could not be walked in time there is none. A report that says headline instead of complete leaves out on purpose
// what is not of the first importance.
//
// When Go itself ended the process there are no registers, and a signal is that of a fault
// that Go has made its panic or fatal error of; the
// headline is the first line of the panic, or the message of the fatal error, and
// Go's own report follows, whole. Its lines are the only ones with tabs in them,
// and begin with two spaces that are not Go's: Text.Bytes gives back what Go wrote.
//
// A dump has its goroutines before its threads, and what says which process it is of, the
// memory included, in front. With a black box annotations and breadcrumbs follow the
// current stack.
//
// A line [stage "NAME" faulted: TEXT; skipped] or [stage "NAME" timed out after
// DURATION; skipped] may stand anywhere. A report on a timeout starts with
// Timeout (H:MM:SS.ffffff)!, and a dump with its first stack, which may have the
// header Stack (most recent call first): or, with every frame as a place in a
// file, Current thread's C stack trace (most recent call first):.
//
// The count of bytes in the end line is compared with the text. A difference is no error,
// because such a report is still worth reading; Report.Intact reports it.
//
// # JSON
//
// A Report marshals to a JSON object and back without loss; its text is the
// same afterwards. The names are those of the Go fields in snake_case, and an
// absent part has no key. They only grow: a name that is there keeps its
// meaning as long as the member "schema" says "epitaph.report/1". JSONSchema returns
// the JSON Schema of it. The types:
//
//   - addresses, registers, stack words: strings, "0x" and 16 digits
//   - offsets: strings, "0x" and the digits; they were numbers before there was a schema
//   - durations: {"value": 3.204, "unit": "s"}, with the decimals of the report;
//     "timeout_ns" is a number of nanoseconds
//   - times: strings as in RFC 3339
//   - code bytes: one string of hexadecimal digits
//   - kinds: strings. Of a report: crash, timeout, dump. Of a thread: thread,
//     current, group, stack, cut, native. Of a frame: source, binary, unknown,
//     not_executable, signal, repeated, cut, lost, no_stack, created_by,
//     seen_from_outside, code.
//     Of how a frame was found: exact (which has no key), frame_pointer, scan, after_scan
//   - an absent number or address is 0, an absent string empty, an absent truth false
//   - "unknown": objects of line number and text, where a backslash is \x5c and a
//     byte that is not UTF-8 is \xNN
//   - "layout": the order of the lines, when it is not the usual one
//
// # Signature
//
// Signature gives a short name for "the same crash as that one", for grouping. It
// depends on the names of the program's functions only, so that all machines of a fleet
// agree on it; SignatureParts shows of what it is made. One that begins with ~ is of a
// program whose functions have no names, and worth a Resolve.
//
// # Logs
//
// A Scanner finds reports in logs, and takes off what collectors have put around each
// line. It needs no more memory for a long log than for a short one.
package report

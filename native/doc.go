// Package native is the C core of Epitaph.
//
// # Floors
//
// The core stands in fifteen floors. A floor is a folder and a Go package of its
// own, and knows only the floors before it in this table. The middle column says
// which of the functions in a floor's headers may run after a fault.
//
//	floor      after a fault  what it is for
//	base       some           The machine and the kernel, in place of libc: system calls, registers, jumps, clocks, descriptors.
//	memory     all            Memory that may not be there: loads whose fault is skipped, instruction bytes, /proc/self/maps.
//	image      some           What is loaded: modules, and the names of their functions.
//	unwind     some           Stacks: from registers to frames, C and Go in one list.
//	text       all            Formatting into fixed buffers, and output that no reader can hold up.
//	incident   some           A crash or a dump: its owner, its phase, its options, the state that all parts of its report share.
//	record     some           What a healthy program leaves behind: annotations, breadcrumbs, snapshots, the black box.
//	signals    some           Signal actions: who had a signal before, and what became of that; the end of the process.
//	threads    some           The other threads: their stacks, their alternate stacks; the threads of the core itself.
//	goruntime  some           Go, alive and dead: its goroutines, its last words, a copy of it that answers, its crash hook.
//	report     some           The report, stage by stage.
//	crash      some           The life of a crash, from the kernel's call to the end of the process.
//	ondemand   some           Dumps of a program that goes on: by call, by signal, by timer.
//	install    some           Switching it on and off; the helper thread; the header for the callers of the core.
//	interpose  none           Names of libc's that shared libraries then find in the executable; only executables have it.
//
// # What may run after a fault
//
// A function with the mark EPI_SAFE (base/base.h), and nothing else. Such a function
// does not allocate, lock, wait without a deadline, or call libc. What it needs was got
// ready while the process was healthy: by epi_enable (install/install.c), by the
// helper thread (install/helper.c), or by package handler through package cgo. A load
// from memory that may be damaged goes through epi_peek (memory/peek.h).
//
// A global variable is written by the floor that defines it; the floors behind it
// read it, or call its functions.
//
// # Where things are
//
//   - A fault arrives at epi_arch_handler (crash/entry_amd64.c, crash/entry_arm64.c), which
//     calls epi_handler (crash/handler.c). That file begins with the list of all that a fault can be, in the
//     order of the tests.
//   - The process ends in epi_terminate (signals/terminate.c), by the original signal.
//     Where that does not end it, the helper thread does (install/helper.c). Go's own
//     panics and fatal errors end in crash/gofatal.c.
//   - Signal 11 belongs to the core from epi_enable to epi_disable. signals/actions.h
//     holds who had it before, and what Go and others have put there since;
//     signals/wrap.c sees the program's calls of sigaction. A host's own handler is
//     asked before the report by crash/askhost.c, or called after it by crash/host.c.
//   - The state of a crash is epi_process()->crash (incident/process.h). The thread that
//     wins its field owner (crash/owner.c) writes it.
//   - A deadline is kept by the helper thread, which interrupts the owner
//     (epi_stage_enforce, report/stage.c).
//
// # How to add
//
// A stage of the report: a function in the file of report/ that has the subject,
// declared in report/report_parts.h; a row with its name and its budget in the table of
// report/report.c, and in those of ondemand/dump.c that shall have it. It runs under a
// guard: it may fault or hang, and the next one runs. Package report reads the text.
//
// A kind of dump: a member of enum epi_dump_kind (ondemand/dump.h), a list of
// stages in ondemand/dump.c, and what calls epi_dump (ondemand/dump.h): a thread of the
// program, or the dumper (ondemand/dumper_loop.c).
//
// A machine: one more file for each whose name ends in _amd64 and _arm64, with the same
// functions, and nothing else in C. (memory/decode_* and unwind/framestate_* serve
// the files of one machine only.) They are base/arch_*.h and .c (registers, jumps, assembly),
// base/unwrapped_*.S, memory/code_*.c and instruction_*.c (signal frames, instruction
// bytes), unwind/goabi_*.c (Go's frames), unwind/framecode_*.c (C's frames without call
// frame information), crash/entry_*.c (the handler's entry), report/cxx_*.c (a call under
// a C++ handler). base/arch.h declares what they have in common, and includes the machine's
// header; base/unwrapped.h and unwind/goabi.c have what two machines' files share; the Go
// files name the machines in their build constraints. A register set is epi_regset, wide
// enough for any; a return address may be in a register, and may bear a signature
// (epi_cursor_return); a page may be larger than 4 KiB (base/page.h).
//
// # How it is built and checked
//
// Each floor's doc.go imports every floor whose headers its files reach, also through
// other headers, so an arrow in the wrong direction does not build. It embeds its
// headers, because the go command looks at the C files of one package alone: a changed
// header would leave the objects of the floors above as they were. CMakeLists.txt
// builds the same files as a C library for the tests in tests/native.
//
// tools/lintlayers holds the folders against this text: the table, includes,
// imports, the symbols of the objects, declarations, writes of globals, circles of files.
// tools/lintsafe follows the calls of the functions that are marked. "make lint" runs both,
// for either machine if there is a compiler for it.
//
// Package cgo is the Go binding, package handler the API. Without cgo, or on a
// machine that the core is not ported to, package native is empty.
package native

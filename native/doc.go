// Package native is the C core of Epitaph: fourteen floors, a small package of
// C a folder. A floor stands on those before it in this list and knows nothing
// of those behind it; since each floor imports what its headers need, an arrow
// in the other direction does not build.
//
//	base       the machine and the kernel, in libc's place
//	memory     memory that may not be there; instruction bytes; the maps
//	image      what is loaded: modules and symbols
//	unwind     stacks: from registers to frames, C and Go in one list
//	text       formatting into fixed buffers, and writing them out
//	incident   a crash or a dump: its owner, its phase, its options
//	record     what a healthy program leaves behind
//	signals    signal actions, and the end of the process
//	threads    the other threads, their alternate stacks, the core's own threads
//	goruntime  Go, alive and dead
//	report     the report, stage by stage
//	crash      the life of a crash
//	ondemand   dumps by call, by signal, by timer
//	install    switching it on and off; the public header
//
// Package cgo is the Go binding, package handler the API. Without cgo, or on a
// machine that the core is not ported to, package native is empty.
package native

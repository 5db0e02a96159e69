// Package interpose extends Epitaph to what shared libraries do: the threads that they make
// (libstdc++, Rust, Python, a JVM), and the handlers of fatal signals that they install. Import it
// for its effect, in package main of an executable:
//
//	import _ "github.com/epitaph-go/epitaph/handler/interpose"
//
// Package handler/auto does so. Threads of C code in the program itself do not need it.
//
// It defines pthread_create and thrd_create in the executable, where the dynamic linker finds
// them before those of the C library. Each new thread then has an alternate signal stack from its
// start, so that an overflow of its own stack is reported. Without
// this package such a thread is given one by a signal, within some seconds, if it sleeps
// in a system call that a signal does not end.
//
// It also defines sigaction, signal and the like. A library that installs a handler of a fatal
// signal after handler.Enable does not replace Epitaph's: its handler is called after the
// report, as one that was there before Enable is. The library sees its own handler in place. Without
// this package handler.Taken lists the handlers that were replaced, and handler.WithTakeover
// takes them back.
//
// Leave it out of libraries (-buildmode=c-shared, c-archive) and plugins: the names would
// catch the calls of the program that loads them. The build tag epitaph_nowrap makes the
// package empty.
package interpose

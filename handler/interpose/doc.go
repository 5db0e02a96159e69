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
// beginning on, so that it can overflow its own stack and still be reported. Without
// this package such a thread is given one by a signal, within some seconds, if it sleeps
// in a system call that a signal does not end.
//
// It defines sigaction, signal and their kin, too. A library that installs a handler of a fatal
// signal after handler.Enable does not take that away from Epitaph: its handler is called after the
// report, as one is that was there before. The library sees its own handler in
// place. Without this package handler.Taken tells what has been taken, and
// handler.WithTakeover takes it back.
//
// Leave it out of libraries (-buildmode=c-shared, c-archive) and plugins: the names would
// catch the calls of the program that loads them. The build tag epitaph_nowrap makes the
// package empty.
package interpose

//go:build linux && (amd64 || arm64) && cgo

// Package provider registers functions for runtime.SetCgoTraceback as
// github.com/ianlancetaylor/cgosymbolizer does: a traceback and a symbolizer, and no
// context.
package provider

// #include <stdbool.h>
// #include <stdint.h>
// struct traceback { uintptr_t context, signal; uintptr_t *pcs; uintptr_t max; };
// struct symbol { uintptr_t pc; const char *file; uintptr_t line; const char *function; uintptr_t entry, more, data; };
// static _Atomic bool asked;
// static bool was_asked(void) { return asked; }
// static void traceback(struct traceback *arg) { asked = true; arg->pcs[0] = 0; }
// static void symbolizer(struct symbol *arg) { arg->file = arg->function = 0; arg->more = 0; }
// static void *traceback_function(void) { return (void *)traceback; }
// static void *symbolizer_function(void) { return (void *)symbolizer; }
import "C"

import "runtime"

// Register registers the functions.
func Register() { runtime.SetCgoTraceback(0, C.traceback_function(), nil, C.symbolizer_function()) }

// Asked tells whether Go has called the traceback.
func Asked() bool { return bool(C.was_asked()) }

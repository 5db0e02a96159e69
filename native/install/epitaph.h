/* The C core of Epitaph: what its callers see.  Package cgo is the one caller
 * in a Go program; the C tests are another.
 *
 * Every function but the last part is for a healthy process, and its calls
 * must come one at a time (package handler holds a mutex).  Errors are errno
 * values; 0 is success.  They are in the files of the headers below. */
#ifndef EPITAPH_H
#define EPITAPH_H

#include "install.h"
#include "symbols_install.h"
#include "../incident/reserve.h"
#include "../record/box.h"
#include "../record/notes.h"
#include "../goruntime/goroutines.h"
#include "../ondemand/dump.h"

#endif

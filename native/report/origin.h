/* Whose code a frame is.  A stack of a cgo program has a few frames of the program itself
 * among those of cgo, of Go's runtime, of libc and of Epitaph; a sentence names only the
 * program's own, and what they called.  The rules are those of report/origin.go. */
#ifndef EPI_ORIGIN_H
#define EPI_ORIGIN_H

#include "../base/base.h"

enum epi_origin {
    EPI_OF_PROGRAM,
    EPI_OF_LIBRARY,  /* the C library, the C++ runtime, Go's standard library */
    EPI_OF_PLUMBING, /* between Go and C, and where stacks begin */
    EPI_OF_EPITAPH,
};

/* What a name alone does not tell. */
struct epi_origin_hints {
    const char *module; /* the path of the frame's; "" for a line of Go's source */
    const char *file;   /* of its line; "" when that is not known */
    const char *build;  /* the text of the report's "Build:" line */
    bool go;            /* it is of Go's tables, or in Go's words */
    bool dynamic;       /* the program has its C library from a module of its own */
};

/* The origin of a frame whose comparable name is NAME ("": it has none). */
EPI_SAFE enum epi_origin epi_origin_of(const char *name, const struct epi_origin_hints *hints);

/* Is a call of Go's in FILE one of its assembly?  A function that is local to its file,
 * cmpbody<>, has no package in its name. */
EPI_SAFE bool epi_origin_go_assembly(const char *file);

/* Is MODULE the C++ library?  Is it one that makes a program a dynamic one? */
EPI_SAFE bool epi_origin_cxx_library(const char *module);
EPI_SAFE bool epi_origin_dynamic_libc(const char *module);

/* Is NAME a function of the C++ runtime, or of its headers, or of Rust's library? */
EPI_SAFE bool epi_origin_cxx_runtime(const char *name);

/* Does NAME, a public one, lead from a failed check to the signal?  It says nothing of what
 * failed. */
EPI_SAFE bool epi_origin_failure(const char *name);

#endif

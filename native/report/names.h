/* Names of functions, compared and shown as package report does (normalize.go and names.go
 * there; a test holds the lists against each other). */
#ifndef EPI_NAMES_H
#define EPI_NAMES_H

#include "../base/base.h"

#define EPI_NAME_MAX 512

/* Does TEXT begin with START? */
EPI_SAFE bool epi_name_begins(const char *text, const char *start);

/* Is the word of SIZE bytes at WORD one of LIST, whose words have a space on either side? */
EPI_SAFE bool epi_name_listed(const char *list, const char *word, size_t size);

/* What follows the last slash of PATH. */
EPI_SAFE const char *epi_name_base(const char *path);

/* Has NAME, which is comparable, Go's form, package.Function? */
EPI_SAFE bool epi_name_is_go(const char *name);

/* Is NAME one of the C library's, in a program that is linked statically? */
EPI_SAFE bool epi_name_is_libc(const char *name);

/* Takes off what compilers append to the names of parts and copies. */
EPI_SAFE void epi_name_cut_clone(char *name);

/* NAME becomes what a program calls the function, where it is one of several versions of a
 * function of libc. */
EPI_SAFE void epi_name_make_public(char *name);

/* Writes NAME to TO, which has room for EPI_NAME_MAX bytes, without what differs between
 * builds of one source. */
EPI_SAFE void epi_name_normalize(char *to, const char *name);

#endif

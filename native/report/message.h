/* What the C library, or the C++ runtime, said when it gave up; the latter is in cxx.c
 * and cxx_*.c. */
#ifndef EPI_MESSAGE_H
#define EPI_MESSAGE_H

/* Looks for glibc's message and for a C++ runtime; again when a library was
 * loaded since.  May wait for the loader's lock. */
void epi_message_start(void);
void epi_message_stop(void);

#endif

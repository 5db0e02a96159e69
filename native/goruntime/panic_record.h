/* What a goroutine has noted of its panic (handler.NotePanic), in case it stays
 * unrecovered: then neither the value nor a goroutine that could format it is
 * there any more.
 *
 * Package handler writes the notes from Go, by the protocol of notes.h: a record
 * is claimed by making its sequence number odd.  A note belongs to the end of the process only if
 * it is the dying goroutine's, and Go's own report has the same message; all
 * others were recovered. */
#ifndef EPI_PANIC_RECORD_H
#define EPI_PANIC_RECORD_H

#include "../base/base.h"

#define EPI_PANIC_RECORDS 8 /* goroutines that panic at the same time */
#define EPI_PANIC_MESSAGE 256
#define EPI_PANIC_TEXT 16384

struct epi_panic_record {
    uint64_t sequence; /* 2 * the number of the note, from 1; atomic, but cgo knows no
                          such types */
    uint64_t goroutine;
    uint32_t message_size;
    uint32_t text_size;  /* bytes at text */
    uint64_t whole_size; /* before it was cut */
    char message[EPI_PANIC_MESSAGE]; /* the first line of what Go will print, or "" */
    char text[EPI_PANIC_TEXT];
};

/* EPI_PANIC_RECORDS of them. */
struct epi_panic_record *epi_panic_records(void);

#endif

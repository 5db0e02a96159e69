/* Go alive and dead: what the core keeps of it. */
#ifndef EPI_GOSIDE_H
#define EPI_GOSIDE_H

#include "traceback_bit.h"
#include "crash_output.h"
#include "gofault.h"
#include "goroutines.h"
#include "panic_record.h"
#include "forkcopy.h"
#include "resume.h"
#include "../base/base.h"

struct epi_goside {
    struct epi_traceback_bit traceback_bit;
    struct epi_crash_output crash_output;
    struct epi_gofault gofault[EPI_GOFAULTS]; /* by threads that fault, at any time */
    struct epi_panic_record panic_record[EPI_PANIC_RECORDS]; /* written by Go, at any time */
    struct epi_forkcopy forkcopy;
    struct epi_resume resume;
    struct epi_goroutines *live; /* NULL: no goroutine waits for questions */
};

extern struct epi_goside epi_goside __attribute__((visibility("hidden")));

#endif

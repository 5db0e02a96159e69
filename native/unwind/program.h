/* The code of the process: its modules and Go's tables. */
#ifndef EPI_PROGRAM_H
#define EPI_PROGRAM_H

#include "golayout.h"
#include "../base/base.h"
#include "../image/modules.h"

struct epi_program {
    _Atomic(struct epi_modules *) modules;
    struct epi_modules *module_slot[2];
    struct epi_goruntime go_runtime;
    const struct epi_goruntime *go; /* &go_runtime, or NULL */
};

extern struct epi_program epi_program __attribute__((visibility("hidden")));

/* The id of the goroutine G; that of a thread's scheduler is 0. */
EPI_SAFE uint64_t epi_goroutine_id(uintptr_t g);

/* The id of the goroutine that the calling thread works for, if only by C code that
 * it called; 0: none. */
EPI_SAFE uint64_t epi_program_goroutine(void);

#endif

/* The code of the process: its modules and Go's tables. */
#ifndef EPI_PROGRAM_H
#define EPI_PROGRAM_H

#include "codeframes.h"
#include "cursor.h"
#include "golayout.h"
#include "../base/base.h"
#include "../image/codemap.h"
#include "../image/modules.h"

/* The tables in force are never changed: others are filled, and put in their place.
 * Two of each kind are filled while the process is healthy, in turn, two by the owner of a
 * crash, which may begin in the middle of that. */
struct epi_program {
    _Atomic(struct epi_modules *) modules;
    struct epi_modules *module_slot[2], *crash_slot[2];
    _Atomic(const struct epi_codemap *) code;
    struct epi_codemap *code_slot[2], *crash_code_slot[2];
    _Atomic(const struct epi_codeframes *) code_frames;
    struct epi_codeframes *frame_slot[2], *crash_frame_slot[2];
    struct epi_goruntime go_runtime;
    const struct epi_goruntime *go; /* &go_runtime, or NULL */
};

extern struct epi_program epi_program __attribute__((visibility("hidden")));

/* Memory for the tables, at the first call; false when there is none. */
bool epi_program_prepare(void);

/* Takes over what is known of Go's tables, once; NULL: nothing yet.  For a healthy process. */
void epi_program_set_go(const struct epi_goruntime *go);

/* Puts a table of what is loaded now in force.  What Go has found out about a module stays
 * with it.  For a healthy process, under the turn of the dumps: those of whom a dump has
 * asked a stack walk with the table that was in force then. */
void epi_program_load(void);

/* Brings the tables up to date from /proc/self/maps.  For the owner of a crash. */
EPI_SAFE void epi_program_refresh(void);

/* Puts tables of the code without a module, and of its call frame information, in force.  For a dump that has its turn, while
 * no thread that another dump has asked still walks. */
EPI_SAFE void epi_program_load_code(void);

/* epi_cursor_start with the tables that are in force. */
EPI_SAFE void epi_program_walk(struct epi_cursor *cursor, struct epi_rule_cache *cache,
                               const struct epi_regs *regs);

/* The id of the goroutine G; that of a thread's scheduler is 0. */
EPI_SAFE uint64_t epi_goroutine_id(uintptr_t g);

/* The id of the goroutine that the calling thread works for, if only by C code that
 * it called; 0: none. */
EPI_SAFE uint64_t epi_program_goroutine(void);

#endif

/* The modules of the process: the executable, its shared libraries, the vDSO.
 *
 * Healthy: epi_modules_load takes them from dl_iterate_phdr, at Enable and
 * whenever the loader's counters changed.  After a fault: epi_modules_refresh
 * compares the table with /proc/self/maps, so that a library that was loaded
 * a moment ago (its constructor may be what crashed) is there, and one that
 * was unloaded is not. */
#ifndef EPI_MODULES_H
#define EPI_MODULES_H

#include "../base/base.h"

#define EPI_MODULE_PATH 232
#define EPI_MODULE_BUILD_ID 32

struct epi_symbol_index;

/* What the budget of the symbols had no room for, of a module. */
enum epi_dropped {
    EPI_DROPPED_NOTHING,
    EPI_DROPPED_INLINED,
    EPI_DROPPED_LINES,
    EPI_DROPPED_NAMES,
};

struct epi_module {
    uintptr_t bias;           /* what the loader added to the file's addresses */
    struct epi_range extent;  /* all of its segments */
    struct epi_range text[2]; /* executable segments; more than two: the last
                                 entry covers the rest */
    uintptr_t eh_frame_hdr;   /* PT_GNU_EH_FRAME, or 0 */
    struct epi_range eh_frame; /* for a module without that header (a static
                                  link has none): the section, as Go found it
                                  in the file; or empty */
    uintptr_t dynamic;        /* PT_DYNAMIC, or 0 */
    uint8_t build_id[EPI_MODULE_BUILD_ID];
    uint8_t build_id_size;
    uint64_t inode;  /* of what the last refresh saw at its start; 0: no file */
    uint8_t dropped; /* enum epi_dropped */
    bool loaded; /* the loader listed it */
    bool seen;   /* by the last refresh */
    const struct epi_symbol_index *index; /* or NULL; see symbols.h */
    const struct epi_symbol_index *frames; /* or NULL: what .debug_frame says */
    char path[EPI_MODULE_PATH]; /* cut at the front, then starts with "..." */
};

struct epi_modules {
    uint32_t count, capacity;
    uint64_t adds, subs; /* the loader's counters when the table was filled */
    struct epi_module module[]; /* by rising start */
};

/* Fills TABLE from the loader.  False when there are more modules than its
 * capacity (the table then holds those that fitted). */
bool epi_modules_load(struct epi_modules *table);

/* Has the loader added or removed anything since TABLE was filled? */
bool epi_modules_changed(const struct epi_modules *table);

/* The module whose extent, or whose executable segments, hold ADDRESS. */
EPI_SAFE const struct epi_module *
epi_modules_find(const struct epi_modules *table, uintptr_t address);
EPI_SAFE const struct epi_module *
epi_modules_find_text(const struct epi_modules *table, uintptr_t pc);

EPI_SAFE bool epi_module_is_vdso(const struct epi_module *module);

/* Brings TABLE, which no other thread reads yet, up to date from /proc/self/maps.  Without
 * /proc it stays as it is. */
EPI_SAFE void epi_modules_refresh(struct epi_modules *table);

/* Fills MODULE from the ELF header that is mapped at ADDRESS; every read may
 * fail.  False when there is none, or it makes no sense. */
EPI_SAFE bool epi_module_from_image(struct epi_module *module, uintptr_t address);

#endif

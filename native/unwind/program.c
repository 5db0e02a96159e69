/* The code of the process, and whose goroutine a thread runs. */
#include "program.h"
#include "golayout.h"
#include "gostack.h"
#include "../base/base.h"
#include "../memory/peek.h"
#include "../image/gdbjit.h"
#include "../image/modules.h"

#include <sys/mman.h>

struct epi_program epi_program;

/* Room for a process with many plugins; the tables are only touched as far as
 * they are used. */
#define MODULES 4096

static bool map_table(struct epi_modules **table)
{
    size_t size = sizeof **table + MODULES * sizeof(struct epi_module);
    if (*table != NULL)
        return true;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    *table = memory;
    (*table)->capacity = MODULES;
    return true;
}

/* Memory of SIZE bytes, whose first page is there; NULL: none. */
static void *map_pages(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    *(volatile char *)memory = 0;
    return memory;
}

static bool map_code(struct epi_codemap **map, struct epi_codeframes **frames)
{
    if (*map == NULL)
        *map = map_pages(sizeof **map);
    if (*frames == NULL)
        *frames = map_pages(sizeof **frames);
    return *map != NULL && *frames != NULL;
}

void epi_program_set_go(const struct epi_goruntime *go)
{
    if (go == NULL || epi_program.go != NULL)
        return;
    epi_program.go_runtime = *go;
    epi_program.go = &epi_program.go_runtime;
}

bool epi_program_prepare(void)
{
    epi_gdbjit_prepare();
    for (int i = 0; i < 2; i++)
        if (!map_table(&epi_program.module_slot[i]) || !map_table(&epi_program.crash_slot[i]) ||
            !map_code(&epi_program.code_slot[i], &epi_program.frame_slot[i]) ||
            !map_code(&epi_program.crash_code_slot[i], &epi_program.crash_frame_slot[i]))
            return false;
    return true;
}

static EPI_SAFE struct epi_modules *not_in_force(struct epi_modules *const slot[2])
{
    return slot[epi_program.modules == slot[0]];
}

static EPI_SAFE void load_code(struct epi_codemap *const slot[2],
                               struct epi_codeframes *const frame_slot[2])
{
    struct epi_codemap *next = slot[epi_program.code == slot[0]];
    struct epi_codeframes *frames = frame_slot[epi_program.code_frames == frame_slot[0]];
    const struct epi_modules *modules = epi_program.modules;
    if (next == NULL || frames == NULL || modules == NULL)
        return;
    epi_codemap_load(next, modules);
    epi_program.code_frames = NULL; /* the last ones are of the last map */
    epi_program.code = next; /* stands also if what follows does not end */
    epi_codeframes_load(frames, next, modules);
    epi_program.code_frames = frames;
}

EPI_SAFE void epi_program_load_code(void)
{
    load_code(epi_program.code_slot, epi_program.frame_slot);
}

EPI_SAFE void epi_program_walk(struct epi_cursor *cursor, struct epi_rule_cache *cache,
                               const struct epi_regs *regs)
{
    epi_cursor_start(cursor, epi_program.modules, epi_program.go, cache, regs);
    cursor->code = epi_program.code;
    cursor->code_frames = epi_program.code_frames;
}

static EPI_SAFE bool same_module(const struct epi_module *a, const struct epi_module *b)
{
    return a->bias == b->bias && epi_streq(a->path, b->path) &&
           a->build_id_size == b->build_id_size &&
           epi_equal(a->build_id, b->build_id, a->build_id_size);
}

/* Makes room for COUNT modules in TABLE without changing it: a crash that begins now
 * may be about to fill it. */
static void touch(struct epi_modules *table, uint32_t count)
{
    uintptr_t end = (uintptr_t)&table->module[count];
    for (uintptr_t at = (uintptr_t)table; at < end; at += 4096)
        __atomic_fetch_add((uint64_t *)at, 0, __ATOMIC_RELAXED);
}

void epi_program_load(void)
{
    const struct epi_modules *current = epi_program.modules;
    struct epi_modules *next = not_in_force(epi_program.module_slot);
    epi_modules_load(next);
    for (uint32_t i = 0; current != NULL && i < next->count; i++) {
        struct epi_module *module = &next->module[i];
        const struct epi_module *old = epi_modules_find(current, module->extent.start);
        if (old != NULL && same_module(old, module)) {
            module->index = old->index;
            module->frames = old->frames;
            module->dropped = old->dropped;
            module->eh_frame = old->eh_frame;
        }
    }
    touch(not_in_force(epi_program.crash_slot), next->count);
    epi_program.modules = next;
}

EPI_SAFE void epi_program_refresh(void)
{
    const struct epi_modules *current = epi_program.modules;
    struct epi_modules *next = not_in_force(epi_program.crash_slot);
    epi_gomodules_follow(epi_program.go);
    if (current == NULL || next == NULL)
        return;
    next->adds = current->adds;
    next->subs = current->subs;
    next->count = current->count;
    epi_copy(next->module, current->module, current->count * sizeof current->module[0]);
    epi_modules_refresh(next);
    epi_program.modules = next;
    load_code(epi_program.crash_code_slot, epi_program.crash_frame_slot);
}

EPI_SAFE uint64_t epi_goroutine_id(uintptr_t g)
{
    uint64_t id = 0;
    return g != 0 && epi_program.go->goid != 0 && epi_peek64(&id, g + epi_program.go->goid) ? id : 0;
}

EPI_SAFE uint64_t epi_program_goroutine(void)
{
    uintptr_t g = epi_go_g(epi_program.go), waiting = epi_gostack_goroutine(epi_program.go, g);
    return epi_goroutine_id(waiting != 0 ? waiting : g);
}

/* Maps the memory in which Go answers for its goroutines, before it is needed. */
#include "goside.h"
#include "goroutines.h"
#include "../base/base.h"

#include <sys/mman.h>

/* So much of each area is touched beforehand: enough for some 1 000
 * goroutines when the process dies because there is no memory left. */
#define TOUCHED ((size_t)1 << 20)

static void touch(char *memory, size_t size)
{
    for (size_t at = 0; at < size && at < TOUCHED; at += 4096)
        *(volatile char *)(memory + at) = 0;
}

static char *map(size_t size)
{
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static struct epi_goroutines *map_shared(void)
{
    struct epi_goroutines *shared = (void *)map(sizeof *shared);
    char *text = map(EPI_GOROUTINES_TEXT), *scratch = map(EPI_GOROUTINES_SCRATCH);
    char *report = map(EPI_GOROUTINES_REPORT);
    if (shared != NULL && text != NULL && scratch != NULL && report != NULL) {
        shared->text = text;
        shared->report = report; /* touched only where there is a crash hook */
        touch(text, EPI_GOROUTINES_TEXT);
        touch(scratch, EPI_GOROUTINES_SCRATCH);
        shared->scratch = scratch;
        return shared;
    }
    if (shared != NULL)
        munmap(shared, sizeof *shared);
    if (text != NULL)
        munmap(text, EPI_GOROUTINES_TEXT);
    if (scratch != NULL)
        munmap(scratch, EPI_GOROUTINES_SCRATCH);
    if (report != NULL)
        munmap(report, EPI_GOROUTINES_REPORT);
    return NULL;
}

struct epi_goroutines *epi_goroutines_memory(void)
{
    if (epi_goside.live == NULL)
        epi_goside.live = map_shared();
    return epi_goside.live;
}

void epi_goroutines_want_call(struct epi_goroutines *live, enum epi_last_act want)
{
    if (want != EPI_LAST_ACT_NONE && live->wanted == EPI_LAST_ACT_NONE)
        touch(live->report, EPI_GOROUTINES_REPORT);
    __atomic_store_n(&live->wanted, (uint32_t)want, __ATOMIC_SEQ_CST);
}

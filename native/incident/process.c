/* Maps the pages that the kernel empties in a child of fork, and answers what depends
 * on them. */
#include "process.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/system.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MADV_WIPEONFORK /* old headers */
#define MADV_WIPEONFORK 18
#endif

_Alignas(EPI_PAGE_MOST) union epi_process_pages epi_process_pages;

static void empty(void)
{
    memset((void *)&epi_process_pages, 0, sizeof epi_process_pages);
}

/* Pages of their own, over those that the loader has put there: the kernel empties only
 * what is anonymous. */
static int map_pages(void)
{
    size_t size = sizeof epi_process_pages;
    if (mmap(&epi_process_pages, size, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
        return errno;
    empty(); /* so that the memory is there when it is needed */
    return madvise(&epi_process_pages, size, MADV_WIPEONFORK) == 0
               ? 0
               : pthread_atfork(NULL, NULL, empty);
}

int epi_process_start(void)
{
    static bool mapped;
    int error = mapped ? 0 : map_pages();
    mapped = error == 0;
    /* Before Linux 4.14, in a child of the bare system call. */
    if (epi_process()->pid != 0 && epi_process_is_child())
        empty();
    return error;
}

EPI_SAFE EPI_ON_CRASH bool epi_process_is_other(int pid)
{
    int own = epi_process()->pid;
    return own == 0 || own != pid;
}

EPI_SAFE bool epi_process_is_child(void)
{
    return epi_process_is_other(epi_getpid());
}

EPI_SAFE bool epi_crashing(void)
{
    uint64_t owner = epi_process()->crash.owner;
    return owner != 0 && owner >> 32 == (uint32_t)epi_getpid();
}

EPI_SAFE struct epi_incident *epi_incident_of(uint64_t self)
{
    struct epi_process *process = epi_process();
    if (process->crash.owner == self)
        return &process->crash;
    return process->dump.owner == self ? &process->dump : NULL;
}

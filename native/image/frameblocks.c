/* The blocks are in an array, in no order.  Registering takes libgcc's lock and memory from
 * malloc anyway, beside which a look through the array costs little. */
#include "frameblocks.h"
#include "../base/base.h"

#include <dlfcn.h>
#include <stdatomic.h>

/* A static program need not have them: there libgcc is linked in, or nobody unwinds. */
#pragma weak dlopen
#pragma weak dlsym

static _Atomic uintptr_t blocks[EPI_FRAMEBLOCKS];
static _Atomic uint32_t used; /* no block was ever behind this place */

EPI_SAFE uint32_t epi_frameblock_count(void)
{
    return used;
}

EPI_SAFE uintptr_t epi_frameblock(uint32_t i)
{
    return blocks[i];
}

/* A call may come by both ways, the one inside the other. */
static bool is_noted(uintptr_t begin)
{
    for (uint32_t i = 0; i < used; i++)
        if (blocks[i] == begin)
            return true;
    return false;
}

static void note(uintptr_t begin)
{
    if (begin == 0 || is_noted(begin))
        return;
    for (uint32_t i = 0; i < EPI_FRAMEBLOCKS; i++) {
        uintptr_t none = 0;
        uint32_t count = used;
        if (!atomic_compare_exchange_strong(&blocks[i], &none, begin))
            continue;
        while (count <= i && !atomic_compare_exchange_weak(&used, &count, i + 1))
            ;
        return;
    }
}

static void forget(uintptr_t begin)
{
    for (uint32_t i = 0; i < used; i++) {
        uintptr_t block = begin;
        atomic_compare_exchange_strong(&blocks[i], &block, 0);
    }
}

/* A reference of this link's to libgcc would not have had the linker keep libgcc_s.so.1: it
 * goes to the wrapper, and the wrapper's own is weak, since few programs have any. */
static epi_frame_function find(const char *name)
{
    if (dlsym == NULL)
        return NULL;
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL && dlopen != NULL) {
        void *libgcc = dlopen("libgcc_s.so.1", RTLD_LAZY);
        found = libgcc == NULL ? NULL : dlsym(libgcc, name);
    }
    return (epi_frame_function)found;
}

void epi_frameblock_register(void *begin, epi_frame_function libgccs)
{
    epi_frame_function call = libgccs != NULL ? libgccs : find("__register_frame");
    if (call != NULL)
        call(begin);
    note((uintptr_t)begin);
}

void epi_frameblock_deregister(void *begin, epi_frame_function libgccs)
{
    epi_frame_function call = libgccs != NULL ? libgccs : find("__deregister_frame");
    forget((uintptr_t)begin); /* its memory may go at once */
    if (call != NULL)
        call(begin);
}

#ifndef EPI_NOWRAP

__attribute__((weak)) void __real___register_frame(void *begin);
void __wrap___register_frame(void *begin);
__attribute__((weak)) void __real___deregister_frame(void *begin);
void __wrap___deregister_frame(void *begin);

void __wrap___register_frame(void *begin)
{
    epi_frameblock_register(begin, __real___register_frame);
}

void __wrap___deregister_frame(void *begin)
{
    epi_frameblock_deregister(begin, __real___deregister_frame);
}

#endif

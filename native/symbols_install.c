/* The healthy side of the symbol look-up: taking over what Go has built. */
#include "epitaph.h"
#include "state.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

void *epi_symbols_alloc(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static struct epi_module *find_module(uintptr_t bias, const char *path)
{
    struct epi_modules *table = epi_state.modules;
    for (uint32_t i = 0; table != NULL && i < table->count; i++)
        if (table->module[i].bias == bias && strcmp(table->module[i].path, path) == 0)
            return &table->module[i];
    return NULL;
}

int epi_install_symbols(uintptr_t bias, const char *path, void *index, size_t size)
{
    struct epi_module *module = find_module(bias, path);
    if (module == NULL || !epi_symbols_valid(index, size)) {
        munmap(index, size);
        return module == NULL ? ENOENT : EINVAL;
    }
    ((struct epi_symbol_index *)index)->bias = bias;
    mprotect(index, size, PROT_READ);
    __atomic_store_n(&module->index, index, __ATOMIC_RELEASE);
    return 0;
}

void epi_symbols_pending(bool pending)
{
    epi_state.symbols_pending = pending;
}

int epi_install_eh_frame(uintptr_t bias, const char *path, struct epi_range section)
{
    struct epi_module *module = find_module(bias, path);
    if (module == NULL)
        return ENOENT;
    if (!epi_in(module->extent, section.start) || section.end < section.start ||
        section.end > module->extent.end)
        return EINVAL;
    module->eh_frame = section;
    return 0;
}

/* Go's plugins: each has text and tables of its own.
 *
 * The runtime has a list of its modules (runtime/symtab.go, moduledata.next), whose last
 * one a variable names: a plugin's constructor changes both (runtime.addmoduledata).  So a look
 * at the variable tells that there is a new one, also after a fault, without polling.
 *
 * Where moduledata has its next depends on the release.  It is the only word that points to
 * module data, which a table with the right magic number at its beginning tells. */
#include "golayout.h"
#include "pclntab.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../memory/peek.h"

#include <stdatomic.h>

struct epi_gomodules epi_gomodules;

/* Words of moduledata that have kept their place since Go 1.20; gofunc, epclntab and
 * textsectmap, whose length is its second word, follow each other. */
enum { HEADER = 0, TEXT = 22, ETEXT = 23, MOST_WORDS = 96 };
#define MAGIC 0xfffffff1 /* internal/abi/symtab.go, Go120PCLnTabMagic */

static EPI_SAFE uint64_t word(uintptr_t module, uint32_t i)
{
    uint64_t value;
    return epi_peek64(&value, module + i * 8) ? value : 0;
}

static EPI_SAFE bool is_module(uintptr_t module)
{
    uint32_t magic;
    uint64_t text = word(module, TEXT), table = word(module, HEADER);
    return text != 0 && text < word(module, ETEXT) && table != 0 && epi_peek32(&magic, table) &&
           magic == MAGIC;
}

static EPI_SAFE uintptr_t next_of(uintptr_t module)
{
    for (uint32_t i = ETEXT + 1; i < MOST_WORDS; i++) {
        uintptr_t next = word(module, i);
        if (next % 8 == 0 && next != module && is_module(next))
            return next;
    }
    return 0;
}

static EPI_SAFE void add(const struct epi_goruntime *go, uintptr_t module, uint32_t at)
{
    struct epi_goruntime *plugin = &epi_gomodules.plugin[at];
    epi_copy(plugin, go, sizeof *plugin);
    plugin->module = module;
    plugin->text = (struct epi_range){word(module, TEXT), word(module, ETEXT)};
    plugin->gofunc = word(module, go->gofunc_word);
    plugin->pclntab =
        (struct epi_range){word(module, HEADER), word(module, go->gofunc_word + 1)};
    plugin->tables = go->tables && epi_in(plugin->pclntab, plugin->gofunc) &&
                     word(module, go->gofunc_word + 3) == 1 && epi_pclntab_readable(plugin);
    plugin->names = go->names && plugin->tables;
    epi_gomodules.count = at + 1; /* last: others read it meanwhile */
}

/* Another thread's look at the newest plugin takes some 100 us. */
#define PLUGIN_PATIENCE (10 * EPI_MS)

EPI_SAFE EPI_ON_FAULT void epi_gomodules_follow(const struct epi_goruntime *go)
{
    static _Atomic bool busy;
    uint64_t newest;
    if (go == NULL || go->module == 0 || !epi_peek64(&newest, go->last_module))
        return;
    uint32_t count = epi_gomodules.count;
    uintptr_t last = count == 0 ? go->module : epi_gomodules.plugin[count - 1].module;
    if (newest == last || count == EPI_GO_PLUGINS)
        return;
    uint64_t end = epi_now() + PLUGIN_PATIENCE;
    while (atomic_exchange(&busy, true)) { /* another thread is adding it */
        if (epi_now() > end)
            return;
        epi_pause(EPI_MS / 32);
    }
    count = epi_gomodules.count;
    last = count == 0 ? go->module : epi_gomodules.plugin[count - 1].module;
    while (last != newest && count < EPI_GO_PLUGINS && (last = next_of(last)) != 0)
        add(go, last, count++);
    busy = false;
}

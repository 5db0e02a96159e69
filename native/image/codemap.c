/* The table of executable memory without a module. */
#include "codemap.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../memory/maps.h"

/* Less than the stage has, which would be left with the list open.  A hundred thousand
 * mappings take that long. */
#define MAPS_TIME (100 * EPI_MS)

static EPI_SAFE void set_name(struct epi_code_range *range, const char *name)
{
    size_t n = epi_strlen(name);
    if (n > sizeof range->name - 1)
        n = sizeof range->name - 1;
    epi_copy(range->name, name, n);
    range->name[n] = '\0';
}

/* A compiler's memory lies in many mappings of one kind, side by side. */
static EPI_SAFE bool continues(const struct epi_code_range *last,
                               const struct epi_code_range *next)
{
    return last->range.end == next->range.start && last->prot == next->prot &&
           epi_streq(last->name, next->name);
}

static EPI_SAFE void add(struct epi_codemap *map, const struct epi_mapping *mapping)
{
    struct epi_code_range next = {.range = mapping->range, .prot = mapping->prot};
    set_name(&next, mapping->path);
    if (map->count > 0 && continues(&map->range[map->count - 1], &next)) {
        map->range[map->count - 1].range.end = next.range.end;
    } else if (map->count < EPI_CODEMAP_RANGES) {
        epi_copy(&map->range[map->count], &next, sizeof next);
        map->count++;
    }
}

EPI_SAFE void epi_codemap_load(struct epi_codemap *map, const struct epi_modules *modules)
{
    struct epi_maps maps;
    struct epi_mapping mapping;
    uint64_t end = epi_now() + MAPS_TIME;
    map->count = 0;
    if (!epi_maps_open(&maps))
        return;
    while (epi_now() < end && epi_maps_next(&maps, &mapping))
        if ((mapping.prot & EPI_PROT_EXEC) != 0 &&
            epi_modules_find_text(modules, mapping.range.start) == NULL)
            add(map, &mapping);
    epi_maps_close(&maps);
}

EPI_SAFE const struct epi_code_range *epi_codemap_find(const struct epi_codemap *map,
                                                       uintptr_t pc)
{
    uint32_t low = 0, high = map == NULL ? 0 : map->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct epi_code_range *range = &map->range[middle];
        if (pc < range->range.start)
            high = middle;
        else if (pc >= range->range.end)
            low = middle + 1;
        else
            return range;
    }
    return NULL;
}

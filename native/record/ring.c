/* The slots of the snapshots, and the newest of them that is whole. */
#include "ring.h"
#include "../base/base.h"
#include "../base/clock.h"

#include <stdatomic.h>

struct epi_slot epi_ring[EPI_SLOTS]; /* written by one goroutine */

void *epi_ring_area(void)
{
    return epi_ring;
}

/* Half a byte at a time: 16 table entries, and 0.2 ms for a full slot. */
static EPI_SAFE uint32_t crc32(uint32_t crc, const void *data, size_t size)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    const uint8_t *byte = data;
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= byte[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static EPI_SAFE bool whole(const struct epi_slot *slot)
{
    size_t sum = offsetof(struct epi_slot, checksum), rest = offsetof(struct epi_slot, period);
    if (slot->sequence == 0 || (slot->sequence & 1) != 0 || slot->length > EPI_SLOT_TEXT)
        return false;
    uint32_t crc = crc32(0, slot, sum);
    crc = crc32(crc, (const char *)slot + rest,
                offsetof(struct epi_slot, text) - rest + slot->length);
    return crc == slot->checksum;
}

EPI_SAFE bool epi_ring_newest(struct epi_slot *copy, struct epi_snapshot *snapshot)
{
    uint64_t below = UINT64_MAX;
    for (int tried = 0; tried < EPI_SLOTS; tried++) {
        const struct epi_slot *best = NULL;
        uint64_t newest = 0;
        for (int i = 0; i < EPI_SLOTS; i++) {
            uint64_t sequence = atomic_load(&epi_ring[i].sequence);
            if ((sequence & 1) == 0 && sequence > newest && sequence < below) {
                newest = sequence;
                best = &epi_ring[i];
            }
        }
        if (best == NULL)
            return false;
        below = newest;
        epi_copy(copy, best, sizeof *copy); /* Go goes on writing */
        if (!whole(copy))
            continue;
        uint64_t now = epi_now();
        snapshot->text = copy->text;
        snapshot->size = copy->length;
        snapshot->age = now > copy->time ? now - copy->time : 0;
        snapshot->goroutines = copy->goroutines;
        snapshot->groups = copy->groups;
        return true;
    }
    return false;
}


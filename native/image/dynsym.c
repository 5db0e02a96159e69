/* Reads a module's dynamic section and its hash tables.  Every read may fail, and every count
 * is bounded: the module may be unloaded meanwhile, or overwritten. */
#include "dynsym.h"
#include "modules.h"
#include "../base/base.h"
#include "../memory/peek.h"

#include <elf.h>

#define MAX_DYNAMIC 256
#define MAX_SYMBOLS (1u << 24)
#define MAX_CHAIN 4096
#define MAX_NAME 64

/* glibc has added the bias to these addresses, musl and the vDSO have not. */
static EPI_SAFE uintptr_t relocated(const struct epi_module *module, uint64_t address)
{
    return epi_in(module->extent, address) ? address : module->bias + address;
}

EPI_SAFE bool epi_dynsym_open(struct epi_dynsym *table, const struct epi_module *module)
{
    epi_zero(table, sizeof *table);
    if (module->dynamic == 0)
        return false;
    for (int i = 0; i < MAX_DYNAMIC; i++) {
        Elf64_Dyn dyn;
        if (!epi_peek(&dyn, module->dynamic + (uintptr_t)i * sizeof dyn, sizeof dyn) ||
            dyn.d_tag == DT_NULL)
            break;
        if (dyn.d_tag == DT_SYMTAB)
            table->symbols = relocated(module, dyn.d_un.d_ptr);
        else if (dyn.d_tag == DT_STRTAB)
            table->strings = relocated(module, dyn.d_un.d_ptr);
        else if (dyn.d_tag == DT_STRSZ)
            table->strings_size = dyn.d_un.d_val;
        else if (dyn.d_tag == DT_HASH)
            table->hash = relocated(module, dyn.d_un.d_ptr);
        else if (dyn.d_tag == DT_GNU_HASH)
            table->gnu_hash = relocated(module, dyn.d_un.d_ptr);
    }
    return table->symbols != 0 && table->strings != 0;
}

/* A GNU hash table: the buckets hold the first symbol of each chain, the chains the hashes of
 * the symbols from FIRST on; the lowest bit of a hash ends its chain. */
struct gnu_hash {
    uint32_t buckets, first, words, shift;
    uintptr_t bloom, bucket, chain;
};

static EPI_SAFE bool open_gnu_hash(struct gnu_hash *hash, uintptr_t table)
{
    uint32_t header[4];
    if (!epi_peek(header, table, sizeof header) || header[0] > MAX_SYMBOLS ||
        header[2] > MAX_SYMBOLS)
        return false;
    hash->buckets = header[0];
    hash->first = header[1];
    hash->words = header[2];
    hash->shift = header[3];
    hash->bloom = table + sizeof header;
    hash->bucket = hash->bloom + (uintptr_t)hash->words * 8;
    hash->chain = hash->bucket + (uintptr_t)hash->buckets * 4;
    return true;
}

/* The GNU hash table does not say how many symbols there are: the last one is
 * at the end of the chain of the highest bucket. */
static EPI_SAFE uint32_t count_by_gnu_hash(uintptr_t table, uint32_t *work)
{
    struct gnu_hash hash;
    uint32_t last = 0;
    if (!open_gnu_hash(&hash, table) || !epi_spend(work, hash.buckets / 4))
        return 0;
    for (uint32_t i = 0; i < hash.buckets; i++) {
        uint32_t bucket;
        if (!epi_peek32(&bucket, hash.bucket + (uintptr_t)i * 4))
            return 0;
        if (bucket > last)
            last = bucket;
    }
    if (last < hash.first)
        return hash.first;
    for (; last < MAX_SYMBOLS; last++) {
        uint32_t value;
        if (!epi_peek32(&value, hash.chain + (uintptr_t)(last - hash.first) * 4))
            return 0;
        if (value & 1)
            return last + 1;
    }
    return 0;
}

EPI_SAFE bool epi_dynsym_count(struct epi_dynsym *table, uint32_t *work)
{
    if (table->hash != 0) {
        if (!epi_peek32(&table->count, table->hash + 4) || table->count > MAX_SYMBOLS)
            table->count = 0;
    } else if (table->gnu_hash != 0) {
        table->count = count_by_gnu_hash(table->gnu_hash, work);
    }
    return table->count > 0;
}

static EPI_SAFE uint32_t hash_of(const char *name)
{
    uint32_t hash = 5381;
    for (; *name != '\0'; name++)
        hash = hash * 33 + (unsigned char)*name;
    return hash;
}

static EPI_SAFE bool is_named(const struct epi_dynsym *table, const Elf64_Sym *symbol,
                              const char *name)
{
    char text[MAX_NAME];
    return symbol->st_name < table->strings_size &&
           epi_peek_string(text, sizeof text, table->strings + symbol->st_name) &&
           epi_streq(text, name);
}

EPI_SAFE bool epi_dynsym_find(const struct epi_dynsym *table, const char *name,
                              Elf64_Sym *found)
{
    struct gnu_hash hash;
    uint32_t wanted = hash_of(name), i, value;
    uint64_t word;
    if (table->gnu_hash == 0 || !open_gnu_hash(&hash, table->gnu_hash) || hash.buckets == 0 ||
        hash.words == 0 ||
        !epi_peek64(&word, hash.bloom + (uintptr_t)(wanted / 64 % hash.words) * 8) ||
        (word >> wanted % 64 & word >> (wanted >> (hash.shift & 31)) % 64 & 1) == 0 ||
        !epi_peek32(&i, hash.bucket + (uintptr_t)(wanted % hash.buckets) * 4) || i < hash.first)
        return false;
    for (uint32_t n = 0; n < MAX_CHAIN; n++, i++) {
        if (!epi_peek32(&value, hash.chain + (uintptr_t)(i - hash.first) * 4))
            return false;
        if ((value | 1) == (wanted | 1) &&
            epi_peek(found, table->symbols + (uintptr_t)i * sizeof *found, sizeof *found) &&
            found->st_shndx != SHN_UNDEF && is_named(table, found, name))
            return true;
        if (value & 1)
            return false;
    }
    return false;
}

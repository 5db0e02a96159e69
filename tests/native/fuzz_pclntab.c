/* libFuzzer target for the function table reader.  The input is a table of its
 * own, or changes (place, place, byte) to a good one, which reach further than
 * random bytes do. */
#include "fuzz.h"
#include "pclntab_sample.h"
#include "pclntab_use.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct epi_goruntime go;
    uint8_t mode = *data++;
    size--;
    /* Of exactly the right size, so that the sanitizer sees a byte too much. */
    size_t table_size = mode & 1 ? size : SAMPLE_SIZE;
    uint8_t *table = malloc(table_size + (table_size == 0));
    if (table == NULL)
        return 0;
    if (mode & 1) {
        memset(&go, 0, sizeof go);
        memcpy(table, data, size);
        go.text = (struct epi_range){SAMPLE_TEXT, SAMPLE_TEXT + SAMPLE_TEXT_SIZE};
        go.pclntab = (struct epi_range){(uintptr_t)table, (uintptr_t)table + size};
        go.gofunc = (uintptr_t)table + size / 2;
        go.tables = true;
    } else {
        sample_build(table, &go);
        for (size_t i = 0; i + 3 <= size; i += 3)
            table[(data[i] | (size_t)data[i + 1] << 8) % SAMPLE_SIZE] = data[i + 2];
    }
    use_table(&go, SAMPLE_TEXT_SIZE);
    free(table);
    return 0;
}

/* A function table of two functions, small enough to be damaged at every
 * place: main.outer, with main.middle inlined into it and main.inner into that,
 * and runtime.asmcgocall. */
#ifndef PCLNTAB_SAMPLE_H
#define PCLNTAB_SAMPLE_H

#include <string.h>

#include "gostack.h"

#define SAMPLE_TEXT ((uintptr_t)0x400000)
#define SAMPLE_TEXT_SIZE (0x80 * EPI_PC_QUANTUM)
#define SAMPLE_SIZE 640

static inline void sample_put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof value);
}

/* Writes the table to TABLE (SAMPLE_SIZE bytes) and describes it in GO. */
static inline void sample_build(uint8_t *table, struct epi_goruntime *go)
{
    enum { NAMES = 72, UNITS = 160, FILES = 168, VALUES = 208, FUNCS = 304, DATA = 560 };
    memset(table, 0, SAMPLE_SIZE);

    sample_put32(table, 0xfffffff1);
    table[6] = EPI_PC_QUANTUM;
    table[7] = 8;
    table[8] = 2; /* functions */
    table[16] = 2;
    const uint32_t parts[] = {NAMES, UNITS, FILES, VALUES, FUNCS};
    for (int i = 0; i < 5; i++)
        sample_put32(table + 32 + 8 * i, parts[i]);

    /* Offsets 1, 12, 24, 35. */
    static const char names[] =
        "\0main.outer\0main.middle\0main.inner\0runtime.asmcgocall";
    memcpy(table + NAMES, names, sizeof names);
    sample_put32(table + UNITS, 0);
    sample_put32(table + UNITS + 4, 5);
    memcpy(table + FILES, "a.go\0asm.s", 11);

    /* Zigzag: value -1 + delta; then PCs. */
    static const uint8_t values[] = {
        0,                                /* no table */
        2, 1, 16, 0x3e, 15, 1, 0,         /* 1: SP deltas 0, 8 and 0 */
        2, 0x40, 0,                       /* 8: file 0 */
        4, 0x40, 0,                       /* 11: file 1 */
        22, 0x10, 20, 0x10, 20, 0x20, 0,  /* 14: lines 10, 20, 30 */
        0, 0x10, 4, 0x10, 1, 0x20, 0,     /* 21: inline index -1, 1, 0 */
    };
    memcpy(table + VALUES, values, sizeof values);

    /* ftab, then the records, whose offsets count from it. */
    uint8_t *ftab = table + FUNCS;
    const uint32_t entries[] = {0, 32, 0x40 * EPI_PC_QUANTUM, 120, SAMPLE_TEXT_SIZE};
    for (int i = 0; i < 5; i++)
        sample_put32(ftab + 4 * i, entries[i]);
    uint8_t *outer = ftab + 32;
    sample_put32(outer + 4, 1);
    sample_put32(outer + 16, 1);
    sample_put32(outer + 20, 8);
    sample_put32(outer + 24, 14);
    sample_put32(outer + 28, 3); /* npcdata */
    outer[43] = 4;               /* nfuncdata */
    sample_put32(outer + 44 + 8, 21);
    sample_put32(outer + 44 + 12 + 12, 0);
    uint8_t *asmcgocall = ftab + 120;
    sample_put32(asmcgocall, 0x40 * EPI_PC_QUANTUM);
    sample_put32(asmcgocall + 4, 35);
    sample_put32(asmcgocall + 16, 1);
    sample_put32(asmcgocall + 20, 11);
    sample_put32(asmcgocall + 24, 14);
    asmcgocall[40] = 2;
    asmcgocall[41] = 6;

    /* Inline tree: 0 is main.middle, called from PC 0; 1 is main.inner, called
     * from PC 0x20, where middle is. */
    sample_put32(table + DATA + 4, 12);
    sample_put32(table + DATA + 8, 0);
    sample_put32(table + DATA + 16 + 4, 24);
    sample_put32(table + DATA + 16 + 8, 0x20 * EPI_PC_QUANTUM);

    memset(go, 0, sizeof *go);
    go->text = (struct epi_range){SAMPLE_TEXT, SAMPLE_TEXT + SAMPLE_TEXT_SIZE};
    go->pclntab = (struct epi_range){(uintptr_t)table, (uintptr_t)table + SAMPLE_SIZE};
    go->gofunc = (uintptr_t)table + DATA;
    go->tables = go->names = true;
}

#endif

/* Everything that may be asked of a function table, for all PCs of a short
 * text; what comes back must lie in the table. */
#ifndef PCLNTAB_USE_H
#define PCLNTAB_USE_H

#include <stdlib.h>
#include <string.h>

#include "pclntab.h"

static inline void use_string(const struct epi_goruntime *go, const char *string)
{
    uintptr_t p = (uintptr_t)string;
    if (epi_in(go->pclntab, p) ? p + strlen(string) >= go->pclntab.end
                               : strcmp(string, "") != 0 && strcmp(string, "?") != 0)
        abort();
    char printed[32];
    size_t n = epi_pclntab_print(printed, sizeof printed, string);
    if (n >= sizeof printed || printed[n] != '\0')
        abort();
}

static inline void use_table(const struct epi_goruntime *go, uintptr_t text_size)
{
    enum { MAX = 4 };
    uint8_t callee = 0;
    for (uintptr_t pc = go->text.start; pc < go->text.start + text_size;
         pc += EPI_PC_QUANTUM) {
        struct epi_goframe frames[MAX];
        int32_t n = epi_pclntab_frames(go, pc, &callee, frames, MAX);
        if (n < -1 || n > MAX)
            abort();
        for (int32_t i = 0; i < n; i++) {
            use_string(go, frames[i].function);
            use_string(go, frames[i].file);
        }
        struct epi_func func;
        struct epi_spdelta delta;
        if (!epi_pclntab_find(go, pc, &func))
            continue;
        use_string(go, epi_pclntab_function(go, &func));
        if (epi_pclntab_spdelta(go, &func, pc, &delta) && delta.bytes < 0)
            abort();
    }
}

#endif

/* Names out of the executable's own file, where no block was built yet. */
#include "check.h"
#include "harness.h"
#include "symbols.h"
#include "symfile.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile int kept;

/* In .symtab alone: the loader maps nothing that has the name. */
static __attribute__((noinline)) void known_to_the_file_alone(void)
{
    kept++;
    kept *= 3;
}

static const char *name_at(const struct epi_module *module, uintptr_t pc)
{
    static struct epi_symbols symbols;
    static struct epi_symbol symbol;
    memset(&symbols, 0, sizeof symbols);
    return epi_symbols_find(&symbols, module, pc, &symbol) &&
                   epi_symbols_next(&symbols, &symbol) && symbol.line == 0
               ? symbol.name
               : "";
}

/* kB that are locked into memory. */
static long locked(void)
{
    static char text[8192];
    int fd = open("/proc/self/status", O_RDONLY);
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *line = strstr(text, "VmLck:");
    return line == NULL ? -1 : strtol(line + strlen("VmLck:"), NULL, 10);
}

/* A program that locks its memory does not mean its file's symbols. */
static void map_locked(const struct epi_module *module)
{
    bool allowed = mlockall(MCL_FUTURE) == 0;
    long before = locked();
    epi_symfile_map(module);
    CHECK(!allowed || locked() == before, "%ld kB locked, then %ld", before, locked());
    munlockall();
}

int main(void)
{
    harness_start(NULL);
    known_to_the_file_alone();
    uintptr_t at = (uintptr_t)known_to_the_file_alone;
    struct epi_module module = *epi_modules_find(harness_modules, at);
    struct epi_range function;
    CHECK(strcmp(name_at(&module, at), "") == 0, "named without the file");
    CHECK(epi_symfile_of(&module) == NULL, "mapped before it was asked for");

    map_locked(&module);
    CHECK(strcmp(name_at(&module, at + 2), "known_to_the_file_alone") == 0, "%s",
          name_at(&module, at + 2));
    uint32_t work = UINT32_MAX, none = 0;
    CHECK(epi_symbols_function(&module, at + 2, &function, &work) && function.start == at &&
              function.end > at + 2 && function.end < at + 200,
          "%#lx-%#lx", function.start, function.end);
    CHECK(work < UINT32_MAX, "a search of a table costs nothing");
    CHECK(!epi_symbols_function(&module, at + 2, &function, &none) && none == 0,
          "a table was searched for nothing");
    CHECK(strcmp(name_at(&module, module.extent.end - 1), "") == 0, "where no function is");

    struct epi_module other = module;
    other.bias += 4096;
    CHECK(epi_symfile_of(&other) == NULL, "another module");
    other = module;
    other.dropped = EPI_DROPPED_NAMES;
    CHECK(strcmp(name_at(&other, at), "") == 0, "the budget is for no names");
    return check_result();
}

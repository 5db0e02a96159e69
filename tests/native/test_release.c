/* Symbols that no module has any more are not taken from a thread that walks its stack: it
 * reads them by plain loads, in the handler of a signal of a healthy program. */
#include "check.h"
#include "epitaph.h"
#include "install.h"
#include "peek.h"
#include "process.h"
#include "program.h"
#include "symbols_install.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE 97 /* of a block: the header, and one string, which is empty */

static const struct epi_module *module;

static uint8_t *new_block(void)
{
    uint8_t *block = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED)
        _exit(98);
    memcpy(block, "Epi2", 4);
    block[4] = 2;     /* version */
    block[8] = SIZE;
    block[48] = 1;    /* bytes of strings */
    block[52] = SIZE; /* where the tables are; all are empty */
    return block;
}

static int install(uint8_t *block)
{
    return epi_install_symbols(module->bias, module->path, block, SIZE, EPI_DROPPED_NOTHING);
}

static int install_frames(uint8_t *block)
{
    return epi_install_frames(module->bias, module->path, block, SIZE);
}

static bool is_there(const uint8_t *block)
{
    uint8_t byte;
    return epi_peek8(&byte, (uintptr_t)block);
}

/* A thread that walks may have read the module's pointer just before it was changed. */
static void replace(const char *what, int (*put)(uint8_t *))
{
    uint8_t *old = new_block(), *next = new_block();
    CHECK(put(old) == 0 && put(next) == 0, "%s are not taken", what);
    epi_process()->receivers++;
    epi_symbols_release();
    CHECK(is_there(old), "%s are gone while a thread walks", what);
    epi_process()->receivers--;
    epi_symbols_release();
    CHECK(!is_there(old), "%s that are unused stay", what);
    CHECK(is_there(next), "%s of a module are gone", what);
}

int main(void)
{
    struct epi_config config = {
        .program = "program", .executable = "/proc/self/exe", .build = "", .note = "",
        .box = -1, .output = STDERR_FILENO,
        .max_frames = 256, .max_threads = 10, .deadline = UINT64_C(1000000000),
    };
    alarm(20);
    if (epi_enable(&config, NULL) != 0)
        return 99;
    /* The block names no build, so the module must not, either. */
    struct epi_modules *modules = epi_program.modules;
    module = epi_modules_find(modules, (uintptr_t)main);
    modules->module[module - modules->module].build_id_size = 0;
    replace("symbols", install);
    replace("frames", install_frames);
    return check_result();
}

/* The module table: the one in force is never changed, whoever brings it up to date, and
 * not while the other one may be read. */
#include "check.h"
#include "dump.h"
#include "epitaph.h"
#include "process.h"
#include "program.h"
#include "threads.h"

#include <dlfcn.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void enable(void)
{
    struct epi_config config;
    memset(&config, 0, sizeof config);
    config.deadline = UINT64_C(5000000000);
    config.quiet = true;
    config.output = STDERR_FILENO;
    config.box = -1;
    config.program = config.executable = config.build = config.note = "";
    if (epi_enable(&config, NULL) != 0)
        abort();
}

static size_t size_of(const struct epi_modules *table)
{
    return sizeof *table + table->count * sizeof table->module[0];
}

/* A module that is not mapped any more, in front of the others: they all move when it
 * is taken out. */
static void add_gone(struct epi_modules *table)
{
    struct epi_module *module = table->module;
    memmove(module + 1, module, table->count * sizeof *module);
    memset(module, 0, sizeof *module);
    module->extent = module->text[0] = (struct epi_range){0x10000, 0x11000};
    module->loaded = true;
    strcpy(module->path, "gone");
    table->count++;
}

static void refresh(void)
{
    static char copy[1 << 20];
    for (int i = 0; i < 5; i++) {
        struct epi_modules *before = epi_program.modules;
        add_gone(before);
        size_t size = size_of(before);
        CHECK(size <= sizeof copy, "%zu", size);
        memcpy(copy, before, size);
        epi_program_refresh();
        const struct epi_modules *after = epi_program.modules;
        CHECK(after != before && memcmp(copy, before, size) == 0, "round %d: changed in force", i);
        CHECK(after->count >= before->count - 1 && strcmp(after->module[0].path, "gone") != 0,
              "round %d: %u modules, %s first", i, after->count, after->module[0].path);
        CHECK(epi_modules_find_text(after, (uintptr_t)refresh) != NULL, "the program is lost");
    }
    struct epi_modules *crash = epi_program.modules;
    static const struct epi_symbol_index *const index = (const void *)8;
    crash->module[0].index = index;
    epi_program_load();
    epi_program_load();
    CHECK(epi_program.modules != crash && epi_program.modules->module[0].index == index,
          "an index is lost");
    epi_program.modules->module[0].index = NULL;
}

/* A library that is not there yet. */
static void *load_one(void)
{
    static const char *const names[] = {"libanl.so.1", "libresolv.so.2", "libutil.so.1",
                                        "librt.so.1", "libnsl.so.1"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (dlopen(names[i], RTLD_NOW | RTLD_NOLOAD) == NULL) {
            void *library = dlopen(names[i], RTLD_NOW);
            if (library != NULL)
                return library;
        }
    return NULL;
}

static void loads_wait(void)
{
    struct epi_modules *before = epi_program.modules;
    void *library = load_one();
    if (library == NULL) {
        printf("no library to load: not tested\n");
        return;
    }
    CHECK(epi_modules_changed(before), "nothing was loaded");
    CHECK(epi_dump_lock(0), "no turn");
    epi_update_modules();
    CHECK(epi_program.modules == before, "during a dump");
    epi_dump_unlock();
    epi_process()->receivers = 1;
    epi_update_modules();
    CHECK(epi_program.modules == before, "while a stack is walked");
    epi_process()->receivers = 0;
    epi_update_modules();
    CHECK(epi_program.modules != before && !epi_modules_changed(epi_program.modules), "at last");
    CHECK(epi_program.modules->count == before->count + 1, "%u modules",
          epi_program.modules->count);
    dlclose(library);
}

/* The vDSO may lie between two segments of the dynamic linker. */
static void in_a_hole(void)
{
    static const struct epi_range extents[] = {{0x10000, 0x20000}, {0x20000, 0x60000},
                                               {0x50000, 0x51000}, {0x60000, 0x70000}};
    struct epi_modules *table = calloc(1, sizeof *table + 4 * sizeof table->module[0]);
    CHECK(table != NULL, "no memory");
    table->count = table->capacity = EPI_COUNT(extents);
    for (size_t i = 0; i < EPI_COUNT(extents); i++)
        table->module[i].extent = table->module[i].text[0] = extents[i];
    table->module[1].text[0].end = 0x40000;
    static const struct {
        uintptr_t at;
        int module;
    } finds[] = {{0xffff, -1}, {0x10000, 0}, {0x20000, 1}, {0x4ffff, 1}, {0x50000, 2},
                 {0x50fff, 2}, {0x51000, 1}, {0x5ffff, 1}, {0x60000, 3}, {0x70000, -1}};
    for (size_t i = 0; i < EPI_COUNT(finds); i++) {
        const struct epi_module *found = epi_modules_find(table, finds[i].at);
        CHECK(found == (finds[i].module < 0 ? NULL : &table->module[finds[i].module]),
              "%#lx: %td", (unsigned long)finds[i].at, found - table->module);
    }
    CHECK(epi_modules_find_text(table, 0x50800) == &table->module[2], "text in the hole");
    CHECK(epi_modules_find_text(table, 0x51800) == NULL, "no text");
    free(table);
}

#define PAGE 0x10000 /* the largest there is */

/* A file without a name: an image of two pages, HOLE apart, with code in the first. */
static int make_image(uintptr_t hole)
{
    static char page[PAGE];
    int fd = memfd_create("image", 0);
    Elf64_Ehdr *elf = (Elf64_Ehdr *)(void *)page;
    Elf64_Phdr *segment = (Elf64_Phdr *)(elf + 1);
    memset(page, 0, sizeof page);
    memcpy(elf->e_ident, ELFMAG, SELFMAG);
    elf->e_ident[EI_CLASS] = ELFCLASS64;
    elf->e_phoff = sizeof *elf;
    elf->e_phentsize = sizeof *segment;
    elf->e_phnum = 2;
    for (int i = 0; i < 2; i++)
        segment[i] = (Elf64_Phdr){.p_type = PT_LOAD,
                                  .p_flags = PF_R | (i == 0 ? PF_X : PF_W),
                                  .p_vaddr = i == 0 ? 0 : hole,
                                  .p_memsz = PAGE};
    CHECK(fd >= 0 && write(fd, page, PAGE) == PAGE && ftruncate(fd, 2 * PAGE) == 0, "no image");
    return fd;
}

static void map_image(char *at, int fd, int prot)
{
    CHECK(mmap(at, PAGE, prot, MAP_PRIVATE | MAP_FIXED, fd, 0) == at, "not mapped");
}

static struct epi_modules *empty_table(void)
{
    enum { MOST = 64 };
    struct epi_modules *table = calloc(1, sizeof *table + MOST * sizeof table->module[0]);
    CHECK(table != NULL, "no memory");
    table->capacity = MOST;
    return table;
}

#define HOLE 0x40000

/* FD is an image with a hole, in SIZE bytes of room, and TABLE has found it. */
static char *map_with_hole(int fd, size_t size, struct epi_modules *table)
{
    char *at = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(at != MAP_FAILED && munmap(at + PAGE, HOLE - PAGE) == 0, "no hole");
    map_image(at, fd, PROT_READ | PROT_EXEC);
    epi_modules_refresh(table);
    const struct epi_module *found = epi_modules_find_text(table, (uintptr_t)at);
    CHECK(found != NULL && found->extent.start == (uintptr_t)at &&
              found->extent.end == (uintptr_t)at + HOLE + PAGE,
          "the image is not there");
    return at;
}

/* A program may map a library in another one's hole, only to read it. */
static void file_in_a_hole(void)
{
    int outer = make_image(HOLE), inner = make_image(HOLE);
    struct epi_modules *table = empty_table();
    char *at = map_with_hole(outer, 3 * HOLE, table);
    map_image(at + HOLE / 2, inner, PROT_READ);
    for (int i = 0; i < 2; i++) {
        epi_modules_refresh(table);
        const struct epi_module *found = epi_modules_find_text(table, (uintptr_t)at);
        CHECK(found != NULL && found->extent.start == (uintptr_t)at, "lost in refresh %d", i);
    }
    munmap(at, 3 * HOLE);
    free(table);
    close(outer);
    close(inner);
}

/* Where less than a page is before the code, the first page of the file is mapped once more. */
static void code_in_the_first_page(void)
{
    enum { BEFORE = 0x200 };
    int fd = make_image(PAGE);
    Elf64_Phdr *segment = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(segment != MAP_FAILED, "not mapped");
    segment = (Elf64_Phdr *)(void *)((char *)segment + sizeof(Elf64_Ehdr));
    segment[0].p_flags = PF_R;
    segment[0].p_memsz = BEFORE;
    segment[1].p_flags = PF_R | PF_X;
    segment[1].p_offset = BEFORE;
    segment[1].p_vaddr += BEFORE;
    segment[1].p_memsz -= BEFORE;
    char *at = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(at != MAP_FAILED, "no room");
    map_image(at, fd, PROT_READ);
    map_image(at + PAGE, fd, PROT_READ | PROT_EXEC);
    struct epi_modules *table = empty_table();
    for (int i = 0; i < 3; i++) {
        epi_modules_refresh(table);
        const struct epi_module *found =
            epi_modules_find_text(table, (uintptr_t)at + PAGE + BEFORE);
        CHECK(found != NULL && found->extent.start == (uintptr_t)at, "lost in refresh %d", i);
        if (found != NULL && i == 1) /* the loader's list has it, too */
            ((struct epi_module *)(uintptr_t)found)->loaded = true;
    }
    munmap(at, 2 * PAGE);
    free(table);
    close(fd);
}

/* A library is closed, other memory comes to its start, and another one to its end. */
static void behind_a_closed_one(void)
{
    int closed = make_image(HOLE), opened = make_image(PAGE);
    struct epi_modules *table = empty_table();
    char *at = map_with_hole(closed, 2 * HOLE, table);
    const struct epi_module *found = epi_modules_find_text(table, (uintptr_t)at);
    if (found != NULL)
        ((struct epi_module *)(uintptr_t)found)->loaded = true;
    CHECK(mmap(at, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at,
          "not closed");
    map_image(at + HOLE, opened, PROT_READ | PROT_EXEC);
    epi_modules_refresh(table);
    found = epi_modules_find_text(table, (uintptr_t)at + HOLE);
    CHECK(found != NULL && found->extent.start == (uintptr_t)at + HOLE, "the new one is lost");
    munmap(at, 2 * HOLE);
    free(table);
    close(closed);
    close(opened);
}

int main(void)
{
    in_a_hole();
    file_in_a_hole();
    code_in_the_first_page();
    behind_a_closed_one();
    enable();
    refresh();
    loads_wait();
    return check_result();
}

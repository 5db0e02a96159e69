/* What a fault of memory was: the access, the address, and what is there.  The
 * kernel tells the first two when the page tables refused the access; of a
 * general protection, the instruction tells them. */
#include "cause.h"
#include "../base/base.h"
#include "../base/page.h"
#include "../base/system.h"
#include "../memory/instruction.h"
#include "../memory/maps.h"
#include "../text/out.h"
#include "../incident/incident.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define FIRST_PAGE 4096

/* A frame of this size may be entered without a touch in between, so a stack
 * that is full faults up to this far below its end. */
#define LARGEST_FRAME (1u << 20)

static EPI_SAFE void path_of(struct epi_out *out, const struct epi_mapping *mapping)
{
    if (mapping->path[0] == '\0')
        return;
    epi_out_text(out, " (");
    epi_out_escaped(out, mapping->path);
    epi_out_char(out, ')');
}

/* The neighbourhood of a fault address. */
struct around {
    bool mapped;              /* something is mapped at the address */
    struct epi_mapping at;    /* it, when mapped */
    struct epi_mapping above; /* the first writable mapping above the address */
    bool has_above;
};

static EPI_SAFE void look_around(struct around *around, uintptr_t address)
{
    struct epi_maps maps;
    struct epi_mapping *above = &around->above;
    around->mapped = around->has_above = false;
    if (!epi_maps_open(&maps))
        return;
    while (!around->has_above && epi_maps_next(&maps, above)) {
        if (epi_in(above->range, address)) {
            around->mapped = true;
            epi_copy(&around->at, above, sizeof *above);
        } else if (above->range.start > address && (above->prot & EPI_PROT_WRITE) != 0) {
            around->has_above = true;
        }
    }
    epi_maps_close(&maps);
}

static EPI_SAFE void access_word(struct epi_out *out, enum epi_access access)
{
    epi_out_text(out, access == EPI_ACCESS_WRITE  ? "write to "
                      : access == EPI_ACCESS_READ ? "read of "
                      : access == EPI_ACCESS_EXEC ? "execution of "
                                                  : "access to ");
}

/* Did the stack run into its end?  The address is in nothing, or in a guard
 * without access; right above it a writable mapping begins; and SP is about
 * there.  All of a stack may be used up by one huge frame, hence the slack. */
static EPI_SAFE bool overflow(struct epi_incident *incident, const struct around *around,
                              uintptr_t address)
{
    uintptr_t sp = epi_arch_sp(&incident->context), end = around->above.range.start;
    return (!around->mapped || around->at.prot == 0) && around->has_above &&
           end - address <= LARGEST_FRAME && sp + LARGEST_FRAME > end &&
           sp < around->above.range.end && sp < end + FIRST_PAGE &&
           address + LARGEST_FRAME > sp;
}

/* Names the stack that MAPPING, right above the fault, belongs to, and its size where
 * that is known: the kernel may have joined neighbours into one mapping. */
static EPI_SAFE void describe_stack(struct epi_incident *incident,
                                    const struct epi_mapping *mapping)
{
    struct epi_out *out = &epi_cause.line;
    const stack_t *alternate = &incident->context.uc_stack;
    uintptr_t sp = epi_arch_sp(&incident->context), base = (uintptr_t)alternate->ss_sp;
    uintptr_t start = mapping->range.start, block = incident->subject.pointer;
    uint64_t size;
    struct rlimit limit;
    if ((alternate->ss_flags & SS_DISABLE) == 0 && sp + LARGEST_FRAME > base &&
        sp < base + alternate->ss_size && epi_in(mapping->range, base)) {
        epi_out_text(out, "the thread's signal stack of ");
        size = alternate->ss_size;
    } else if (epi_streq(mapping->path, "[stack]")) {
        /* The first thread's stack grows up to its limit. */
        epi_out_text(out, "the thread's stack of ");
        size = mapping->range.end - start;
        if (epi_syscall6(SYS_prlimit64, 0, RLIMIT_STACK, 0, (long)&limit, 0, 0) == 0 &&
            limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur > size)
            size = limit.rlim_cur;
    } else if (epi_in(mapping->range, block)) {
        /* libc puts a thread's control block on top of the thread's stack, also where
         * the program chose the memory; it is smaller than a page. */
        epi_out_text(out, "the thread's stack of ");
        size = epi_page_down(block - start) + epi_page_size;
    } else {
        epi_out_text(out, "a stack that is not the thread's own, as a coroutine's");
        return;
    }
    epi_out_decimal(out, (int64_t)(size / 1024));
    epi_out_text(out, " KiB");
}

static EPI_SAFE void describe_overflow(struct epi_incident *incident,
                                       const struct around *around, uintptr_t address,
                                       enum epi_access access)
{
    struct epi_out *out = &epi_cause.line;
    epi_out_text(out, "stack overflow: ");
    access_word(out, access);
    epi_out_address(out, address);
    epi_out_text(out, ", ");
    epi_out_decimal(out, (int64_t)(around->above.range.start - address));
    epi_out_text(out, " bytes below ");
    describe_stack(incident, &around->above);
}

static EPI_SAFE void describe_address(struct epi_out *out, const struct around *around,
                                      uintptr_t address, enum epi_access access)
{
    const struct epi_mapping *at = &around->at;
    if (address < FIRST_PAGE) {
        epi_out_text(out, "in the first page: a NULL pointer");
        if (address != 0) {
            epi_out_text(out, " + ");
            epi_out_decimal(out, (int64_t)address);
        }
    } else if (!epi_arch_canonical(address)) {
        epi_out_text(out, "which is not canonical: no pointer has this value");
    } else if (!around->mapped) {
        epi_out_text(out, "where nothing is mapped");
    } else if (access == EPI_ACCESS_EXEC && (at->prot & EPI_PROT_EXEC) == 0) {
        epi_out_text(out, "in memory that is not executable");
        path_of(out, at);
    } else if (at->prot == 0) {
        epi_out_text(out, "in memory without access, such as a guard page");
        path_of(out, at);
    } else if (access == EPI_ACCESS_WRITE && (at->prot & EPI_PROT_WRITE) == 0) {
        epi_out_text(out, "in a read-only mapping");
        path_of(out, at);
    } else if (access == EPI_ACCESS_READ && (at->prot & EPI_PROT_READ) == 0) {
        epi_out_text(out, "in a mapping that is not readable");
        path_of(out, at);
    } else {
        epi_out_text(out, "in a mapping that allows it now");
        path_of(out, at);
    }
}

/* Registers that hold no possible address: one of them may be what was used. */
static EPI_SAFE void list_impossible(struct epi_incident *incident)
{
    struct epi_out *out = &epi_cause.line;
    bool any = false;
    for (unsigned i = 0; i < EPI_NREGS; i++) {
        const char *name;
        uint64_t value;
        if (!epi_arch_shown_register(&incident->context, i, &name, &value))
            break;
        if (epi_arch_canonical(value))
            continue;
        epi_out_text(out, any ? ", " : "; not canonical are ");
        epi_out_text(out, name);
        epi_out_text(out, " = ");
        epi_out_address(out, value);
        any = true;
    }
}

/* A general protection or a stack fault, which the kernel reports without an address:
 * the instruction says which of their causes it is. */
static EPI_SAFE void general_protection(struct epi_incident *incident)
{
    struct epi_out *out = &epi_cause.line;
    struct epi_instruction instruction;
    epi_arch_instruction(&instruction, &incident->context);
    bool canonical = epi_arch_canonical(instruction.address);
    if (instruction.kind == EPI_INSTRUCTION_HALT) {
        epi_out_text(
            out,
            "hlt, a privileged instruction by which some C libraries (musl) end a program");
    } else if (instruction.kind == EPI_INSTRUCTION_PRIVILEGED) {
        epi_out_text(out, instruction.name);
        epi_out_text(out, ", a privileged instruction");
    } else if (instruction.kind == EPI_INSTRUCTION_IO) {
        epi_out_text(out, instruction.name);
        epi_out_text(out, ", an instruction for I/O ports, which the process may not use");
    } else if (instruction.kind == EPI_INSTRUCTION_INTERRUPT) {
        epi_out_text(out, "int ");
        epi_out_decimal(out, (int64_t)instruction.value);
        epi_out_text(out, ", a software interrupt that a process may not raise");
    } else if (instruction.known && !canonical) {
        if (instruction.kind == EPI_INSTRUCTION_JUMP)
            instruction.access = EPI_ACCESS_EXEC;
        access_word(out, instruction.access);
        epi_out_address(out, instruction.address);
        epi_out_text(out, ", which is not canonical: no pointer has this value");
    } else if (instruction.alignment != 0 && instruction.address % instruction.alignment != 0) {
        access_word(out, instruction.access);
        epi_out_address(out, instruction.address);
        epi_out_text(out, ", which is not a multiple of ");
        epi_out_decimal(out, instruction.alignment);
        epi_out_text(out, ", as ");
        epi_out_text(out, instruction.name);
        epi_out_text(out, " needs it");
    } else {
        epi_out_text(
            out, "address unknown: a general protection, of which the kernel tells no more");
        list_impossible(incident);
    }
}

/* Why has a page of a mapped file no memory?  SIZE tells its end; a page before that
 * could not be provided, for lack of space or by a failure of the device. */
static EPI_SAFE void describe_file(struct epi_out *out, const struct epi_mapping *at,
                                   uintptr_t address)
{
    struct stat st;
    struct statfs fs;
    uint64_t offset = at->offset + (address - at->range.start);
    bool same =
        epi_syscall6(SYS_newfstatat, AT_FDCWD, (long)at->path, (long)&st, 0, 0, 0) == 0 &&
        st.st_ino == at->inode;
    if (!same) {
        epi_out_text(out, ", where a mapped file has no memory: past its end, or not provided");
    } else if (offset >= epi_page_up((uint64_t)st.st_size)) {
        epi_out_text(out, ", past the end of a mapped file");
    } else if (epi_syscall6(SYS_statfs, (long)at->path, (long)&fs, 0, 0, 0, 0) == 0 &&
               fs.f_blocks != 0 && fs.f_bavail == 0) {
        epi_out_text(out, ", in a mapped file whose file system is full");
    } else {
        epi_out_text(out,
                     ", in a mapped file, of which this page could not be read or provided");
    }
    path_of(out, at);
}

EPI_SAFE void epi_cause_memory(struct epi_incident *incident)
{
    struct epi_out *out = &epi_cause.line;
    const siginfo_t *info = &incident->info;
    enum epi_access access = epi_arch_access(&incident->context);
    uintptr_t address = (uintptr_t)info->si_addr;
    struct around around;

    if (info->si_code == SI_KERNEL) {
        general_protection(incident);
        return;
    }
    if (access == EPI_ACCESS_UNKNOWN && address == epi_arch_pc(&incident->context))
        access = EPI_ACCESS_EXEC;
    look_around(&around, address);
    if (incident->signal == SIGBUS) {
        access_word(out, access);
        epi_out_address(out, address);
        if (info->si_code == BUS_ADRERR && around.mapped && around.at.inode != 0) {
            describe_file(out, &around.at, address);
        } else if (info->si_code == BUS_ADRALN) {
            epi_out_text(out, ", not aligned as the instruction needs it");
        } else if (info->si_code == BUS_MCEERR_AR || info->si_code == BUS_MCEERR_AO) {
            epi_out_text(out, ", a memory error of the hardware");
        } else {
            epi_out_text(out, ", ");
            describe_address(out, &around, address, access);
        }
        return;
    }
    if (overflow(incident, &around, address)) {
        describe_overflow(incident, &around, address, access);
        return;
    }
    access_word(out, access);
    epi_out_address(out, address);
    epi_out_text(out, ", ");
    describe_address(out, &around, address, access);
}

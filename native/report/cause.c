/* The sentence that says what happened: what the instruction did, to which
 * address, and what that address is.  The kernel's siginfo tells the first two
 * (not always), /proc/self/maps the third. */
#include "report_parts.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../memory/maps.h"
#include "../text/out.h"
#include "../text/signals.h"
#include "../incident/incident.h"

#include <fcntl.h>
#include <sys/resource.h>

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

static EPI_SAFE void sender(struct epi_out *out, const siginfo_t *info)
{
    char path[32] = "/proc/", comm[32];
    if (info->si_code != SI_USER && info->si_code != SI_QUEUE && info->si_code != SI_TKILL) {
        epi_out_text(out, "sent by a timer, a message queue or asynchronous I/O");
        return;
    }
    if (info->si_pid == epi_getpid()) {
        epi_out_text(out, "raised by the process itself");
        return;
    }
    epi_out_text(out, "sent by process ");
    epi_out_decimal(out, info->si_pid);
    if (info->si_pid > 0) {
        char digits[12];
        unsigned n = 0, at = 6;
        for (int pid = info->si_pid; pid > 0; pid /= 10)
            digits[n++] = (char)('0' + pid % 10);
        while (n > 0)
            path[at++] = digits[--n];
        epi_copy(path + at, "/comm", 6);
        long fd = epi_syscall6(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
        if (fd >= 0) {
            long size = epi_syscall6(SYS_read, fd, (long)comm, sizeof comm - 1, 0, 0, 0);
            epi_syscall6(SYS_close, fd, 0, 0, 0, 0, 0);
            if (size > 0 && comm[size - 1] == '\n')
                size--;
            comm[size > 0 ? size : 0] = '\0';
            epi_out_text(out, " \"");
            epi_out_escaped(out, comm);
            epi_out_char(out, '"');
        }
    }
    epi_out_text(out, " (uid ");
    epi_out_decimal(out, info->si_uid);
    epi_out_char(out, ')');
}

/* The neighbourhood of a fault address. */
struct around {
    bool mapped;             /* something is mapped at the address */
    struct epi_mapping at;   /* it, when mapped */
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

static EPI_SAFE void describe_overflow(struct epi_out *out, const struct around *around,
                                       uintptr_t address, enum epi_access access)
{
    uint64_t size = around->above.range.end - around->above.range.start;
    struct rlimit limit;
    /* The first thread's stack grows up to its limit. */
    if (epi_streq(around->above.path, "[stack]") &&
        epi_syscall6(SYS_prlimit64, 0, RLIMIT_STACK, 0, (long)&limit, 0, 0) == 0 &&
        limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur > size)
        size = limit.rlim_cur;
    epi_out_text(out, "stack overflow: ");
    access_word(out, access);
    epi_out_address(out, address);
    epi_out_text(out, ", ");
    epi_out_decimal(out, (int64_t)(around->above.range.start - address));
    epi_out_text(out, " bytes below the thread's stack of ");
    epi_out_decimal(out, (int64_t)(size / 1024));
    epi_out_text(out, " KiB");
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

/* An address that no page table can hold faults as a general protection, which
 * has no address.  One of the registers has it. */
static EPI_SAFE void describe_non_canonical(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    bool any = false;
    epi_out_text(out, "address unknown: the kernel does not tell one that is not canonical");
    for (unsigned i = 0; i < EPI_NREGS; i++) {
        const char *name;
        uint64_t value;
        if (!epi_arch_shown_register(&incident->context, i, &name, &value))
            break;
        if (value < EPI_USER_END || value >= -(uint64_t)EPI_USER_END)
            continue;
        epi_out_text(out, any ? ", " : "; such are ");
        epi_out_text(out, name);
        epi_out_text(out, " = ");
        epi_out_address(out, value);
        any = true;
    }
}

static EPI_SAFE void memory_fault(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    const siginfo_t *info = &incident->info;
    enum epi_access access = epi_arch_access(&incident->context);
    uintptr_t address = (uintptr_t)info->si_addr;
    struct around around;

    if (info->si_code == SI_KERNEL) {
        describe_non_canonical(incident);
        return;
    }
    if (access == EPI_ACCESS_UNKNOWN && address == epi_arch_pc(&incident->context))
        access = EPI_ACCESS_EXEC;
    look_around(&around, address);
    if (incident->signal == SIGBUS) {
        access_word(out, access);
        epi_out_address(out, address);
        if (info->si_code == BUS_ADRERR && around.mapped && around.at.inode != 0) {
            epi_out_text(out, ", past the end of a mapped file");
            path_of(out, &around.at);
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
        describe_overflow(out, &around, address, access);
        return;
    }
    access_word(out, access);
    epi_out_address(out, address);
    epi_out_text(out, ", ");
    describe_address(out, &around, address, access);
}

static EPI_SAFE const char *arithmetic(int code)
{
    switch (code) {
    case FPE_INTDIV:
        return "integer division by zero, or a quotient that is too large";
    case FPE_INTOVF:
        return "integer overflow";
    case FPE_FLTDIV:
        return "floating-point division by zero";
    case FPE_FLTOVF:
        return "floating-point overflow";
    case FPE_FLTUND:
        return "floating-point underflow";
    case FPE_FLTRES:
        return "floating-point result that is not exact";
    case FPE_FLTINV:
        return "invalid floating-point operation";
    default:
        return "arithmetic fault";
    }
}

EPI_SAFE void epi_report_cause(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    const siginfo_t *info = &incident->info;
    epi_out_text(out, "Signal: ");
    epi_out_text(out, epi_signal_name(incident->signal));
    epi_out_text(out, " (");
    epi_out_decimal(out, incident->signal);
    epi_out_text(out, "), ");
    epi_out_text(out, epi_signal_code(incident->signal, info->si_code));
    epi_out_text(out, " (");
    epi_out_decimal(out, info->si_code);
    epi_out_text(out, "): ");
    if (info->si_code <= 0) {
        sender(out, info);
    } else if (incident->signal == SIGSEGV || incident->signal == SIGBUS) {
        memory_fault(incident);
    } else if (incident->signal == SIGFPE) {
        epi_out_text(out, arithmetic(info->si_code));
    } else if (incident->signal == SIGILL) {
        epi_out_text(out, "an instruction that the CPU does not have, at ");
        epi_out_address(out, (uintptr_t)info->si_addr);
    } else if (incident->signal == SIGTRAP) {
        epi_out_text(out, info->si_code == SI_KERNEL ? "a breakpoint instruction"
                                                     : "a debugger's trap");
    } else if (incident->signal == SIGSYS) {
        epi_out_text(out, "system call ");
        epi_out_decimal(out, info->si_syscall);
        epi_out_text(out, " refused by a seccomp filter");
    } else {
        epi_out_text(out, "raised by the kernel");
    }
    epi_out_char(out, '\n');
}

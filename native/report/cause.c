/* The sentence that says what the signal means: from the kernel's siginfo, and where
 * that covers several causes by one code, from the instruction. */
#include "report_parts.h"
#include "calls.h"
#include "cause.h"
#include "../base/base.h"
#include "../base/fd.h"
#include "../base/system.h"
#include "../memory/instruction.h"
#include "../memory/peek.h"
#include "../text/out.h"
#include "../text/signals.h"
#include "../incident/incident.h"

#include <fcntl.h>

/* raise and abort send to their own thread.  What kill sends is the process's, and the kernel
 * prefers the first thread for it: the stack is the sender's only if kill is on it. */
static EPI_SAFE const char *sent_to_itself(struct epi_incident *incident)
{
    static const char senders[] = " kill killpg sigqueue syscall syscall.Kill "
                                  "golang.org/x/sys/unix.Kill ";
    if (incident->signal == SIGABRT && epi_calls_begin(incident, " abort "))
        return "abort() was called";
    if (incident->info.si_code == SI_TKILL || epi_calls_begin(incident, senders))
        return "raised by the process itself";
    return "sent by the process to itself, perhaps by another thread";
}

static EPI_SAFE void sender(struct epi_out *out, struct epi_incident *incident)
{
    const siginfo_t *info = &incident->info;
    char path[32] = "/proc/", comm[32];
    if (info->si_code != SI_USER && info->si_code != SI_QUEUE && info->si_code != SI_TKILL) {
        epi_out_text(out, "sent by a timer, a message queue or asynchronous I/O");
        return;
    }
    if (info->si_pid == epi_getpid()) {
        epi_out_text(out, sent_to_itself(incident));
        return;
    }
    epi_out_text(out, "sent by process ");
    epi_out_decimal(out, info->si_pid);
    if (info->si_pid > 0) {
        char digits[20];
        const char *first = epi_decimal(digits + sizeof digits, (uint64_t)info->si_pid);
        size_t size = (size_t)(digits + sizeof digits - first);
        epi_copy(path + 6, first, size);
        epi_copy(path + 6 + size, "/comm", 6);
        long fd = epi_fd_open(AT_FDCWD, path, O_RDONLY, 0);
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

static EPI_SAFE const char *arithmetic(int code)
{
    switch (code) {
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

/* The checks of clang's -fsanitize-trap, by the number that the trap carries
 * (LIST_SANITIZER_CHECKS in clang's CodeGenFunction.h). */
static EPI_SAFE const char *failed_check(uint64_t number)
{
    static const char *const checks[] = {
        "signed addition overflow",
        "unreachable code reached",
        "control flow integrity",
        "division by zero or its overflow",
        "wrong dynamic type",
        "floating-point value out of the integer's range",
        "call through a wrong function type",
        "implicit conversion that changes the value",
        "invalid argument of a builtin",
        "invalid Objective-C cast",
        "load of a value that the type does not have",
        "end of a function without a return value",
        "signed multiplication overflow",
        "signed negation overflow",
        "null argument where nullability forbids it",
        "null result where nullability forbids it",
        "null argument that is declared nonnull",
        "null result that is declared nonnull",
        "array index out of bounds",
        "pointer arithmetic overflow",
        "shift by an amount out of bounds",
        "signed subtraction overflow",
        "null or misaligned pointer, or an object that is too small",
        "wrong assumption about alignment",
        "array size that is not positive",
    };
    return number < sizeof checks / sizeof checks[0] ? checks[number] : NULL;
}

/* Is INSTRUCTION one that a compiler has put there to fail?  Says so. */
static EPI_SAFE bool meant_to_trap(const struct epi_instruction *instruction)
{
    struct epi_out *out = &epi_cause.line;
    if (instruction->kind == EPI_INSTRUCTION_CHECK) {
        const char *check = failed_check(instruction->value);
        epi_out_text(out, "the trap of a check that the compiler added: ");
        if (check != NULL)
            epi_out_text(out, check);
        else
            epi_out_decimal(out, (int64_t)instruction->value);
        epi_out_text(out, ", at ");
    } else if (instruction->kind == EPI_INSTRUCTION_TRAP) {
        epi_out_text(out, instruction->name);
        epi_out_text(out, ", a deliberate trap (unreachable code or a failed check), at ");
    } else {
        return false;
    }
    return true;
}

static EPI_SAFE void illegal_instruction(struct epi_incident *incident)
{
    struct epi_out *out = &epi_cause.line;
    struct epi_instruction instruction;
    epi_arch_instruction(&instruction, &incident->context);
    if (meant_to_trap(&instruction)) {
        /* said */
    } else if (instruction.kind == EPI_INSTRUCTION_PRIVILEGED) {
        epi_out_text(out, instruction.name);
        epi_out_text(out, ", a privileged instruction, at ");
    } else {
        epi_out_text(out, "an invalid instruction, or one that this CPU does not have, at ");
    }
    epi_out_address(out, (uintptr_t)incident->info.si_addr);
}

/* A machine whose breakpoint is a fault leaves the PC at it, and its number tells a compiler's
 * from a debugger's.  Where it is a trap (SI_KERNEL) the PC is behind it. */
static EPI_SAFE void trap(struct epi_incident *incident)
{
    enum { BRKPT = 1 }; /* TRAP_BRKPT */
    struct epi_out *out = &epi_cause.line;
    struct epi_instruction instruction = {.kind = EPI_INSTRUCTION_UNKNOWN};
    if (incident->info.si_code == BRKPT)
        epi_arch_instruction(&instruction, &incident->context);
    if (meant_to_trap(&instruction))
        epi_out_address(out, epi_arch_pc(&incident->context));
    else
        epi_out_text(out, incident->info.si_code == SI_KERNEL ||
                                  instruction.kind == EPI_INSTRUCTION_BREAKPOINT
                              ? "a breakpoint instruction"
                              : "a debugger's trap");
}

/* FPE_INTDIV is the divide error, which has two causes. */
static EPI_SAFE const char *divide_error(struct epi_incident *incident)
{
    struct epi_instruction instruction;
    epi_arch_instruction(&instruction, &incident->context);
    if (instruction.kind != EPI_INSTRUCTION_DIVIDE || !instruction.known)
        return "integer division by zero, or a quotient that is too large";
    return instruction.value == 0 ? "integer division by zero"
                                  : "integer division with a quotient that is too large";
}

EPI_SAFE void epi_report_cause(struct epi_incident *incident)
{
    struct epi_out *out = &epi_cause.line;
    const siginfo_t *info = &incident->info;
    epi_cause_begin(incident);
    if (info->si_code <= 0) {
        sender(out, incident);
    } else if (incident->signal == SIGSEGV || incident->signal == SIGBUS) {
        epi_cause_memory(incident);
    } else if (incident->signal == SIGFPE) {
        epi_out_text(out, info->si_code == FPE_INTDIV ? divide_error(incident)
                                                      : arithmetic(info->si_code));
    } else if (incident->signal == SIGILL) {
        illegal_instruction(incident);
    } else if (incident->signal == SIGTRAP) {
        trap(incident);
    } else if (incident->signal == SIGSYS) {
        epi_out_text(out, "system call ");
        epi_out_decimal(out, info->si_syscall);
        epi_out_text(out, " refused by a seccomp filter");
    } else {
        epi_out_text(out, "raised by the kernel");
    }
}

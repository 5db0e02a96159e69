/* The assembly of linux/arm64: setjmp, the change of stacks, and the loads
 * that may fault.  All in one asm block each, so that the compiler has no say
 * in what stands between the labels.
 *
 * Each entry begins with bti c (hint #34, a nop on older processors): in a program whose code is
 * guarded, a branch by a register to anything else is a fault. */
#include "base.h"
#include "system.h"

#include <pthread.h>
#include <sys/syscall.h>

#define FUNCTION(name)            \
    ".globl " name "\n"           \
    ".hidden " name "\n"          \
    ".type " name ", %function\n" \
    name ":\n"                    \
    "    hint #34\n"
#define END(name) ".size " name ", .-" name "\n"

__asm__(".text\n"
        FUNCTION("epi_arch_setjmp")
        "    stp x19, x20, [x0, #0]\n"
        "    stp x21, x22, [x0, #16]\n"
        "    stp x23, x24, [x0, #32]\n"
        "    stp x25, x26, [x0, #48]\n"
        "    stp x27, x28, [x0, #64]\n"
        "    stp x29, x30, [x0, #80]\n"
        "    mov x2, sp\n"
        "    str x2, [x0, #96]\n"
        "    stp d8, d9, [x0, #104]\n"
        "    stp d10, d11, [x0, #120]\n"
        "    stp d12, d13, [x0, #136]\n"
        "    stp d14, d15, [x0, #152]\n"
        "    mov w0, #0\n"
        "    ret\n"
        END("epi_arch_setjmp")

        FUNCTION("epi_arch_longjmp")
        "    ldp x19, x20, [x0, #0]\n"
        "    ldp x21, x22, [x0, #16]\n"
        "    ldp x23, x24, [x0, #32]\n"
        "    ldp x25, x26, [x0, #48]\n"
        "    ldp x27, x28, [x0, #64]\n"
        "    ldp x29, x30, [x0, #80]\n"
        "    ldr x2, [x0, #96]\n"
        "    mov sp, x2\n"
        "    ldp d8, d9, [x0, #104]\n"
        "    ldp d10, d11, [x0, #120]\n"
        "    ldp d12, d13, [x0, #136]\n"
        "    ldp d14, d15, [x0, #152]\n"
        "    mov w0, w1\n"
        "    ret\n"
        END("epi_arch_longjmp"));

__asm__(".text\n"
        ".globl epi_arch_syscall_end\n"
        ".hidden epi_arch_syscall_end\n"
        FUNCTION("epi_syscall6")
        "    .cfi_startproc\n"
        "    mov x8, x0\n"
        "    mov x0, x1\n"
        "    mov x1, x2\n"
        "    mov x2, x3\n"
        "    mov x3, x4\n"
        "    mov x4, x5\n"
        "    mov x5, x6\n"
        "    svc #0\n"
        "epi_arch_syscall_end:\n"
        "    ret\n"
        "    .cfi_endproc\n"
        END("epi_syscall6"));

/* CFI through X29, so that a debugger and the core itself can unwind from the
 * new stack to the old one. */
__asm__(".text\n"
        FUNCTION("epi_arch_call_on")
        "    .cfi_startproc\n"
        "    stp x29, x30, [sp, #-16]!\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset x29, -16\n"
        "    .cfi_offset x30, -8\n"
        "    mov x29, sp\n"
        "    .cfi_def_cfa_register x29\n"
        "    and x0, x0, #-16\n"
        "    mov sp, x0\n"
        "    mov x0, x2\n"
        "    blr x1\n"
        "    mov sp, x29\n"
        "    .cfi_def_cfa_register sp\n"
        "    ldp x29, x30, [sp], #16\n"
        "    .cfi_def_cfa_offset 0\n"
        "    .cfi_restore x29\n"
        "    .cfi_restore x30\n"
        "    ret\n"
        "    .cfi_endproc\n"
        END("epi_arch_call_on"));

/* The kernel's frame begins with siginfo_t, of 128 bytes; behind it is the context.  SP is where
 * it begins (arch/arm64/kernel/signal.c, rt_sigreturn). */
__asm__(".text\n"
        FUNCTION("epi_arch_sigreturn")
        "    sub x0, x0, #128\n"
        "    mov sp, x0\n"
        "    mov x8, #139\n"
        "    svc #0\n"
        "    brk #1\n"
        END("epi_arch_sigreturn"));

/* Leaf functions without a frame: when a load faults, the handler sets the PC
 * to epi_arch_load_failed, and SP and LR are those of the entry. */
__asm__(".text\n"
        ".globl epi_arch_load_begin, epi_arch_load_end, epi_arch_load_failed\n"
        ".hidden epi_arch_load_begin, epi_arch_load_end, epi_arch_load_failed\n"
        FUNCTION("epi_arch_load8")
        "epi_arch_load_begin:\n"
        "    ldr x2, [x1]\n"
        "    str x2, [x0]\n"
        "    mov w0, #0\n"
        "    ret\n"
        END("epi_arch_load8")
        FUNCTION("epi_arch_touch")
        "1:  ldaxrb w1, [x0]\n"
        "    stlxrb w2, w1, [x0]\n"
        "    cbnz w2, 1b\n"
        "    mov w0, #0\n"
        "    ret\n"
        END("epi_arch_touch")
        FUNCTION("epi_arch_load")
        "    b 2f\n"
        "1:  ldr x3, [x1], #8\n"
        "    str x3, [x0], #8\n"
        "    sub x2, x2, #8\n"
        "2:  cmp x2, #8\n"
        "    b.hs 1b\n"
        "    cbz x2, 4f\n"
        "3:  ldrb w3, [x1], #1\n"
        "    strb w3, [x0], #1\n"
        "    subs x2, x2, #1\n"
        "    b.ne 3b\n"
        "epi_arch_load_end:\n"
        "4:  mov w0, #0\n"
        "    ret\n"
        "epi_arch_load_failed:\n"
        "    mov w0, #1\n"
        "    ret\n"
        END("epi_arch_load"));

EPI_SAFE void epi_arch_regs_from_jump(struct epi_regs *regs, const struct epi_jump *jump)
{
    epi_zero(regs, sizeof *regs);
    for (unsigned i = 0; i < EPI_COUNT(jump->x19_29); i++)
        regs->r[EPI_X19 + i] = jump->x19_29[i];
    regs->r[EPI_SP] = jump->sp;
    regs->r[EPI_PC] = jump->pc;
    regs->known = EPI_CALLEE_SAVED;
}

/* The records behind the registers: a magic number, the size, what it is; the last has the number
 * 0 (asm/sigcontext.h, struct _aarch64_ctx). */
enum { RECORD_FPSIMD = 0x46508001, RECORD_ESR = 0x45535201 };

static EPI_SAFE const unsigned char *find_record(const ucontext_t *uc, uint32_t magic)
{
    const unsigned char *at = (const unsigned char *)uc->uc_mcontext.__reserved;
    const unsigned char *end = at + sizeof uc->uc_mcontext.__reserved;
    while (end - at >= 16) {
        uint32_t head[2];
        epi_copy(head, at, sizeof head);
        if (head[0] == magic)
            return at + sizeof head;
        if (head[0] == 0 || head[1] < sizeof head || head[1] > (size_t)(end - at))
            break;
        at += head[1];
    }
    return NULL;
}

/* ESR_EL1 as it was at the fault; the kernel has hidden in it what concerns only itself. */
static EPI_SAFE bool find_esr(const ucontext_t *uc, uint64_t *esr)
{
    const unsigned char *record = find_record(uc, RECORD_ESR);
    if (record != NULL)
        epi_copy(esr, record, sizeof *esr);
    return record != NULL;
}

EPI_SAFE bool epi_arch_shown_register(const ucontext_t *uc, unsigned i, const char **name,
                                      uint64_t *value)
{
    static const char names[][8] = {
        "pc",  "sp",  "x29", "lr",  "x0",  "x1",  "x2",  "x3",  "x4",  "x5",     "x6",    "x7",
        "x8",  "x9",  "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",    "x18",   "x19",
        "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "pstate", "fault", "esr",
    };
    enum { X0 = 4, PSTATE = X0 + 29, FAULT, ESR };
    const mcontext_t *m = &uc->uc_mcontext;
    if (i >= EPI_COUNT(names))
        return false;
    *name = names[i];
    switch (i) {
    case 0: *value = m->pc; break;
    case 1: *value = m->sp; break;
    case 2: *value = m->regs[29]; break;
    case 3: *value = m->regs[30]; break;
    case PSTATE: *value = m->pstate; break;
    case FAULT: *value = m->fault_address; break;
    case ESR: return find_esr(uc, value);
    default: *value = m->regs[i - X0];
    }
    return true;
}

EPI_SAFE bool epi_arch_same_registers(const ucontext_t *a, const ucontext_t *b)
{
    const mcontext_t *x = &a->uc_mcontext, *y = &b->uc_mcontext;
    return epi_equal(x->regs, y->regs, sizeof x->regs) && x->sp == y->sp && x->pc == y->pc;
}

/* Not the records behind them, of the floating-point state. */
EPI_SAFE void epi_arch_go_on_at(ucontext_t *uc, const ucontext_t *from)
{
    mcontext_t *to = &uc->uc_mcontext;
    epi_copy(to->regs, from->uc_mcontext.regs, sizeof to->regs);
    to->sp = from->uc_mcontext.sp;
    to->pc = from->uc_mcontext.pc;
    to->pstate = from->uc_mcontext.pstate;
    to->fault_address = from->uc_mcontext.fault_address;
    epi_copy(&uc->uc_sigmask, &from->uc_sigmask, sizeof(uint64_t));
}

EPI_SAFE uint64_t epi_arch_mix_registers(const ucontext_t *uc, uint64_t hash)
{
    for (unsigned i = 0; i < EPI_COUNT(uc->uc_mcontext.regs); i++)
        hash = epi_mix(hash, uc->uc_mcontext.regs[i]);
    return epi_mix(epi_mix(hash, uc->uc_mcontext.sp), uc->uc_mcontext.pc);
}

/* struct fpsimd_context: FPSR, FPCR, the registers. */
EPI_SAFE uint64_t epi_arch_float_control(const ucontext_t *uc)
{
    uint32_t words[2];
    const unsigned char *record = find_record(uc, RECORD_FPSIMD);
    if (record == NULL)
        return 0;
    epi_copy(words, record, sizeof words);
    return words[1];
}

/* Arm Architecture Reference Manual, ESR_EL1: the class of the exception in bits 31 to 26;
 * of a data abort bit 6 is WnR, and bit 8 an instruction for the cache, which writes nothing. */
EPI_SAFE enum epi_access epi_arch_access(const ucontext_t *uc)
{
    enum { INSTRUCTION_ABORT = 0x20, DATA_ABORT = 0x24, WNR = 1 << 6, CM = 1 << 8 };
    uint64_t esr;
    if (!find_esr(uc, &esr))
        return EPI_ACCESS_UNKNOWN;
    if ((esr >> 26 & 0x3f) == INSTRUCTION_ABORT)
        return EPI_ACCESS_EXEC;
    if ((esr >> 26 & 0x3f) != DATA_ABORT || (esr & CM) != 0)
        return EPI_ACCESS_UNKNOWN;
    return esr & WNR ? EPI_ACCESS_WRITE : EPI_ACCESS_READ;
}

EPI_SAFE bool epi_arch_repeats(const siginfo_t *info)
{
    enum { BRKPT = 1 }; /* TRAP_BRKPT, of brk; a hardware single step or watchpoint does not */
    return info->si_code > 0 && !(info->si_signo == SIGTRAP && info->si_code != BRKPT);
}

EPI_SAFE void epi_arch_return(ucontext_t *uc, uint64_t value)
{
    epi_arch_set_pc(uc, uc->uc_mcontext.regs[30]);
    uc->uc_mcontext.regs[0] = value;
}

EPI_SAFE void epi_arch_fail_syscall(ucontext_t *uc)
{
    uc->uc_mcontext.regs[0] = (uint64_t)-38; /* ENOSYS */
}

/* How far libc's structure, whose size depends on its version, begins below the thread pointer. */
static uintptr_t below;

static EPI_SAFE uintptr_t thread_pointer(void)
{
    uintptr_t pointer;
    __asm__("mrs %0, tpidr_el0" : "=r"(pointer));
    return pointer;
}

void epi_arch_learn_thread(void)
{
    below = thread_pointer() - (uintptr_t)pthread_self();
}

EPI_SAFE uintptr_t epi_arch_thread_pointer(void)
{
    return thread_pointer() - below;
}

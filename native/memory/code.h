/* What can be read from instruction bytes and from the kernel's signal frames: a file
 * code_MACHINE.c for each machine. */
#ifndef EPI_CODE_H
#define EPI_CODE_H

#include "../base/base.h"

/* Does a CALL instruction end right before PC? */
EPI_SAFE bool epi_arch_after_call(uintptr_t pc);

/* What the CALL that led to the PC of REGS, or of UC, has left as the return address; the
 * function there has not done anything yet.  False when it cannot be read. */
EPI_SAFE bool epi_arch_return_word(const struct epi_regs *regs, uint64_t *word);
EPI_SAFE bool epi_arch_return_address(const ucontext_t *uc, uint64_t *pc);

/* Where the CALL before PC goes; false when the instruction does not say it. */
EPI_SAFE bool epi_arch_call_target(uintptr_t pc, uintptr_t *target);

/* Is AT a stub that jumps to what a word in memory says, as those of the procedure
 * linkage table do?  Where that is then. */
EPI_SAFE bool epi_arch_stub_target(uintptr_t at, uintptr_t *target);

/* Can CODE, a function, go on in another one without a call?  True where that
 * is unknown. */
EPI_SAFE bool epi_arch_may_jump_out(struct epi_range code);

/* Is PC at the two instructions that return from a signal handler? */
EPI_SAFE bool epi_arch_at_sigreturn(uintptr_t pc);

/* Is PC at the instructions that end a thread?  They are behind the call of a thread's function
 * where nothing has called: in musl's __clone, which has no call frame information. */
EPI_SAFE bool epi_arch_at_thread_end(uintptr_t pc);

/* The registers that a signal interrupted, from the frame that the kernel
 * pushed; SP is what it is when PC is at those instructions. */
EPI_SAFE bool epi_arch_sigreturn_regs(struct epi_regs *regs, uintptr_t sp);

/* The kernel reports a breakpoint with the PC after it, and seccomp's SIGSYS
 * with the PC after the system call; CONTEXT is set back, so that the
 * instruction repeats under the default action and a core dump shows it. */
EPI_SAFE void epi_arch_step_back(ucontext_t *uc, const siginfo_t *info);

/* Is a system call before the PC about to fail with EINTR? */
EPI_SAFE bool epi_arch_interrupted(const ucontext_t *uc);

EPI_SAFE void epi_arch_regs_from_context(struct epi_regs *regs,
                                         const ucontext_t *uc);

#endif

/* What can be told from instruction bytes and from the kernel's signal frames: a file
 * code_MACHINE.c for each machine. */
#ifndef EPI_CODE_H
#define EPI_CODE_H

#include "../base/base.h"

/* Does a CALL instruction end right before PC? */
EPI_SAFE bool epi_arch_after_call(uintptr_t pc);

/* Is PC at the two instructions that return from a signal handler? */
EPI_SAFE bool epi_arch_at_sigreturn(uintptr_t pc);

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

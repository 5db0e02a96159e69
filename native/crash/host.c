/* A host program with a handler of its own decides what becomes of the fault,
 * as it did before Epitaph was there: a garbage collector or a lazy mapping
 * repairs the memory and returns, so that the instruction runs again; an
 * emulator changes the context and returns; an interpreter jumps out with
 * siglongjmp; most log something and let the process die.
 *
 * A return is therefore obeyed, unless nothing was repaired, since then the
 * fault would repeat, and be reported, for ever.  Whether memory was repaired
 * is tried out.  After any other fault it is left to the instruction: if it
 * faults again with every register the same, the process dies of it.  (That
 * rule would not do for memory: a write barrier faults in a loop whose registers
 * are the same in every round.)  And abort() must not return, nor a handler that has
 * sent the process the same signal.
 *
 * A jump out leaves no notice.  It is seen by where the thread's stack pointer is:
 * while the handler runs it is below the frame of the signal.  So while the
 * deadline runs the helper looks, at intervals that double; so does a new fault on the same
 * thread.  Of a thread that sleeps the kernel tells the stack pointer, and a signal would end
 * its system call; one that runs is interrupted, and the handler of the interrupt looks. */
#include "host.h"
#include "owner.h"
#include "sent.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../memory/instruction.h"
#include "../memory/maps.h"
#include "../memory/peek.h"
#include "../incident/incident.h"
#include "../signals/actions.h"
#include "../signals/chain.h"
#include "../signals/hosts.h"
#include "../threads/tasks.h"
#include "../report/stage.h"

#include <errno.h>
#include <stdatomic.h>

#define FIRST_LOOK (5 * EPI_MS)

EPI_SAFE bool epi_fault_of_memory(const siginfo_t *info)
{
    int code = info->si_code;
    return (info->si_signo == SIGSEGV && (code == SEGV_MAPERR || code == SEGV_ACCERR)) ||
           (info->si_signo == SIGBUS && code == BUS_ADRERR);
}

EPI_SAFE bool epi_fault_is_over(const siginfo_t *info, const ucontext_t *uc)
{
    uintptr_t address = (uintptr_t)info->si_addr;
    enum epi_access access = epi_arch_access(uc);
    struct epi_mapping mapping;
    uint8_t byte;
    if (access == EPI_ACCESS_EXEC)
        return epi_maps_find(address, &mapping, NULL) && (mapping.prot & EPI_PROT_EXEC) != 0;
    return access == EPI_ACCESS_WRITE ? epi_peek_writable(address) : epi_peek8(&byte, address);
}

EPI_SAFE uint64_t epi_fault_instruction(const siginfo_t *info, const ucontext_t *uc)
{
    struct epi_instruction instruction;
    uint8_t code[EPI_INSTRUCTION_LONGEST];
    uintptr_t pc = epi_arch_pc(uc);
    uint64_t hash = 1;
    if (info->si_code <= 0 || epi_fault_of_memory(info))
        return 0;
    for (size_t i = 0; i < sizeof code && epi_peek8(&code[i], pc + i); i++)
        hash = epi_mix(hash, code[i]);
    epi_arch_instruction(&instruction, uc);
    return instruction.kind == EPI_INSTRUCTION_DIVIDE ? epi_mix(hash, instruction.value) : hash;
}

EPI_SAFE void epi_chain_begin(struct epi_incident *crash, uintptr_t handler)
{
    crash->host.called = handler;
    crash->chained = epi_now();
    crash->stage_deadline = crash->chained + FIRST_LOOK;
    crash->deadline = crash->chained + crash->options->deadline;
    crash->left = epi_chain_left;
    crash->host.slept = false;
    crash->host.patched = false;
    crash->phase = EPI_PHASE_HOST;
    /* It may jump out, and a child has no thread that would see that in time. */
    epi_crash_return_alarm(crash);
}

/* The handler returns, or is found to be left, by the thread or by the helper: whoever comes
 * first ends the crash. */
static EPI_SAFE bool may_end(struct epi_incident *crash)
{
    int phase = EPI_PHASE_HOST;
    return atomic_compare_exchange_strong(&crash->phase, &phase, EPI_PHASE_LEFT);
}

static EPI_SAFE void end_left(struct epi_incident *crash, uint64_t owner)
{
    if (crash->owner != owner || !may_end(crash))
        return;
    epi_host_has_resolved(crash->host.called);
    epi_crash_end(crash);
}

EPI_SAFE bool epi_chain_repaired(struct epi_incident *crash, const ucontext_t *uc)
{
    /* It took so long that it was let go (epi_chain_let_go).  What is in CRASH is another's by
     * now, perhaps; a fault that is not repaired comes again. */
    if (crash->owner != epi_self())
        return true;
    /* The handler ran with its own mask and the signal blocked; the looks below may fault. */
    epi_sigmask(SIG_UNBLOCK, epi_fatal_mask());
    bool moved = epi_arch_pc(&crash->context) != epi_arch_pc(uc) ||
                 epi_arch_sp(&crash->context) != epi_arch_sp(uc);
    bool memory = epi_fault_of_memory(&crash->info);
    /* What changes a register alone, a result say, goes on behind the fault too. */
    bool same = !moved && epi_arch_same_registers(&crash->context, uc);
    if (!moved && (epi_sent_by_abort(&crash->info, &crash->context) ||
                   (memory && !epi_fault_is_over(&crash->info, &crash->context)) ||
                   (same && crash->sent == epi_sent_of(crash->signal, epi_getpid()))))
        return false;
    if (memory || !same)
        epi_host_has_resolved(crash->host.called);
    crash->host.unchanged = same;
    crash->host.patched =
        crash->host.instruction != epi_fault_instruction(&crash->info, &crash->context);
    crash->resumed = epi_now();
    if (may_end(crash))
        epi_crash_end(crash);
    return true;
}

EPI_SAFE bool epi_chain_host(struct epi_incident *crash, const struct epi_sigaction *action,
                             int signal, siginfo_t *info, ucontext_t *uc, bool called)
{
    uint64_t mask = epi_chain_mask(action, signal, uc, called);
    uintptr_t pc = epi_arch_pc(uc);
    crash->host.instruction = epi_fault_instruction(&crash->info, &crash->context);
    epi_chain_begin(crash, epi_action_hosts(action, signal, info));
    epi_chain_with(action, mask & ~epi_mask_of(epi_actions.deadline_signal), signal, info, uc);
    /* It was let go, and has repaired nothing in the end: once more, and there would be a
     * report for each deadline, for ever. */
    if (crash->owner == 0 && epi_arch_pc(uc) == pc) {
        epi_sigmask(SIG_UNBLOCK, epi_fatal_mask());
        if (!epi_fault_of_memory(info))
            epi_crash_remember(crash, signal, info, uc);
        else if (!epi_fault_is_over(info, uc))
            return !epi_crash_resume(crash, signal); /* another's goes first: it comes again */
    }
    return epi_chain_repaired(crash, uc);
}

/* Has the thread left the handler, if its stack pointer is SP now? */
static EPI_SAFE bool is_outside(const struct epi_incident *crash, uintptr_t sp)
{
    const stack_t *stack = &crash->context.uc_stack;
    uintptr_t frame = (uintptr_t)crash->uc, bottom = (uintptr_t)stack->ss_sp;
    bool alternate = (stack->ss_flags & SS_DISABLE) == 0 && stack->ss_size != 0 &&
                     frame - bottom < stack->ss_size;
    return sp >= frame || (alternate && sp < bottom);
}

EPI_SAFE bool epi_chain_left(struct epi_incident *crash, const ucontext_t *uc)
{
    if (!is_outside(crash, epi_arch_sp(uc)))
        return false;
    end_left(crash, epi_self());
    epi_chain_await_end(crash);
    return true;
}

EPI_SAFE void epi_chain_await_end(const struct epi_incident *crash)
{
    uint64_t self = epi_self(), end = epi_now() + EPI_SECOND;
    while (crash->owner == self && epi_now() < end)
        epi_pause(EPI_MS);
}

EPI_SAFE void epi_chain_look(struct epi_incident *crash, uint64_t now)
{
    uint64_t owner = crash->owner;
    int tid = (int)(uint32_t)owner;
    struct epi_task_syscall call;
    if (owner == 0 || now < crash->stage_deadline)
        return;
    crash->stage_deadline = now + (now - crash->chained);
    if (epi_syscall6(SYS_tgkill, epi_getpid(), tid, 0, 0, 0, 0) == -ESRCH)
        end_left(crash, owner); /* the handler ended its thread */
    else if (!epi_task_sleeps(tid, &call))
        epi_stage_send(crash, 0);
    else if (is_outside(crash, call.sp))
        end_left(crash, owner);
    else if (crash->owner == owner)
        crash->host.slept = true;
}

EPI_SAFE bool epi_chain_let_go(struct epi_incident *crash)
{
    uint64_t owner = crash->owner;
    if (owner == 0 || crash->phase == EPI_PHASE_LEFT)
        return true; /* a thread is ending it, or has */
    if (crash->phase != EPI_PHASE_HOST || crash->host.slept ||
        !epi_task_blocks((int)(uint32_t)owner, epi_actions.deadline_signal))
        return false;
    end_left(crash, owner);
    return true;
}

/* The fault that the host's handler has changed nothing of, once more. */
static EPI_SAFE bool is_again(const struct epi_incident *crash, const siginfo_t *info,
                              const ucontext_t *uc)
{
    int signal = crash->signal;
    return info->si_code > 0 && !crash->host.patched &&
           (signal == SIGFPE || signal == SIGILL ||
            ((signal == SIGSEGV || signal == SIGBUS) && !epi_fault_of_memory(&crash->info))) &&
           info->si_code == crash->info.si_code && info->si_addr == crash->info.si_addr &&
           epi_arch_same_registers(&crash->context, uc);
}

/* By kill, to die of it (glog): another thread has got it, and was late to say so. */
static EPI_SAFE bool is_hosts(const struct epi_incident *crash, const siginfo_t *info)
{
    return crash->host.unchanged && info->si_code == SI_USER && info->si_pid == epi_getpid();
}

EPI_SAFE EPI_ON_CRASH bool epi_chain_in_vain(const struct epi_incident *crash, int signal,
                                             const siginfo_t *info, const ucontext_t *uc)
{
    return crash->resumed != 0 && crash->signal == signal &&
           (is_again(crash, info, uc) || is_hosts(crash, info)) &&
           epi_now() - crash->resumed < EPI_SECOND;
}

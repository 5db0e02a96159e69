/* Moving the kernel's frame of a signal from the alternate stack to the one below it. */
#include "redeliver.h"
#include "asked.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../base/system.h"
#include "../memory/peek.h"
#include "../unwind/golayout.h"
#include "../unwind/program.h"

#include <errno.h>

/* linux/signal.h; libc headers do not all have it. */
#define AUTODISARM (1u << 31)

/* What the core's own functions need there, above the handler. */
#define OWN_ROOM (sizeof(struct epi_evidence) + 4096)

static EPI_SAFE bool is_on(const stack_t *stack, uintptr_t address)
{
    return (stack->ss_flags & SS_DISABLE) == 0 &&
           address - (uintptr_t)stack->ss_sp < stack->ss_size;
}

static EPI_SAFE uintptr_t top_of(const ucontext_t *uc)
{
    return (epi_arch_sp(uc) - EPI_RED_ZONE - sizeof(struct epi_redelivered)) & ~(uintptr_t)15;
}

/* The kernel writes there, below all that is in use, or says that it cannot: no handler has to
 * be in place for that, and a stack that grows does so. */
static EPI_SAFE bool may_write(uintptr_t address)
{
    return epi_syscall6(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)(address & ~(uintptr_t)7),
                        sizeof(uint64_t), 0, 0) != -EFAULT;
}

static EPI_SAFE bool has_room(const ucontext_t *uc)
{
    uintptr_t top = top_of(uc), size = epi_arch_frame_size(uc) + OWN_ROOM;
    if (top < size || epi_arch_sp(uc) >= EPI_USER_END)
        return false;
    for (uintptr_t at = top - 8; at >= top - size; at -= 4096)
        if (!may_write(at))
            return false;
    return may_write(top - size);
}

/* There Go leaves no room for anything else: without the core such a handler overwrites what is
 * below.  C runs with g0, which has no number. */
static EPI_SAFE bool on_goroutine(const ucontext_t *uc)
{
    const struct epi_goruntime *go = epi_program.go;
    uintptr_t g;
    uint64_t id;
    if (go == NULL)
        return false;
    return epi_go_text(go, epi_arch_pc(uc)) || (go->goid != 0 && (g = epi_go_g(go)) != 0 &&
                                                epi_peek64(&id, g + go->goid) && id != 0);
}

EPI_SAFE enum epi_where epi_redeliver_where(const struct epi_sigaction *action,
                                            const ucontext_t *uc, bool called)
{
    if (called || action->handler <= (uintptr_t)SIG_IGN || (action->flags & SA_ONSTACK) != 0 ||
        !is_on(&uc->uc_stack, (uintptr_t)uc) || is_on(&uc->uc_stack, epi_arch_sp(uc)) ||
        on_goroutine(uc))
        return EPI_WHERE_HERE;
    return has_room(uc) ? EPI_WHERE_BELOW : EPI_WHERE_NONE;
}

/* The kernel would not have disarmed an alternate stack that the handler is not for. */
static EPI_SAFE void begin(void *with)
{
    struct epi_redelivered *moved = with;
    if (((unsigned)moved->uc->uc_stack.ss_flags & AUTODISARM) != 0)
        epi_syscall6(SYS_sigaltstack, (long)&moved->uc->uc_stack, 0, 0, 0, 0, 0);
    moved->call(moved); /* EPI_SAFE: askhost.c's, host.c's and chain.c's */
}

EPI_SAFE _Noreturn void epi_redeliver(const struct epi_redelivered *with)
{
    uintptr_t top = top_of(with->uc);
    struct epi_redelivered *moved = (struct epi_redelivered *)top;
    epi_copy(moved, with, sizeof *moved);
    moved->uc = epi_arch_frame_move(with->uc, top);
    moved->info = epi_arch_frame_info(moved->uc);
    epi_copy(moved->info, with->info, sizeof *with->info);
    epi_arch_frame_enter(moved->uc, begin, moved);
}

/* The stack of a thread that cannot be asked, or should not: the kernel tells
 * where a sleeping thread left user space, and its memory is ours to read.  It
 * may wake up in the middle, so what was read counts only if it sleeps in the
 * same place afterwards. */
#include "tasks.h"
#include "threads.h"
#include "../base/base.h"
#include "../unwind/program.h"
#include "../unwind/stack.h"

#define TRIES 3

static EPI_SAFE bool same_place(const struct epi_task_syscall *a,
                                const struct epi_task_syscall *b)
{
    return b->sleeps && a->number == b->number && a->sp == b->sp && a->pc == b->pc &&
           epi_equal(a->argument, b->argument, sizeof a->argument);
}

EPI_SAFE bool epi_thread_walk_remote(struct epi_thread *thread, const struct epi_tasks *tasks,
                                      uint32_t max_frames)
{
    struct epi_task_syscall before, after;
    if (!epi_task_syscall(tasks, thread->tid, &before))
        return false;
    for (int i = 0; i < TRIES && before.sleeps && before.pc != 0; i++) {
        struct epi_cursor cursor;
        struct epi_regs regs;
        epi_zero(&regs, sizeof regs);
        regs.r[EPI_REG_PC] = before.pc;
        regs.r[EPI_REG_SP] = before.sp;
        regs.known = EPI_BIT(EPI_REG_PC) | EPI_BIT(EPI_REG_SP);
        epi_program_walk(&cursor, NULL, &regs);
        cursor.code_work = EPI_CODE_THREAD;
        epi_stack_collect(&thread->stack, &cursor, max_frames);
        if (!epi_task_syscall(tasks, thread->tid, &after))
            break;
        if (same_place(&before, &after)) {
            thread->call = before.number < 0 ? NULL : epi_syscall_name(before.number);
            return true;
        }
        before = after;
    }
    epi_zero(&thread->stack, offsetof(struct epi_stack, run));
    return false;
}

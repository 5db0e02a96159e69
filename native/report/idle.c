/* Which threads have nothing to do, by the names of Go's functions on their stacks. */
#include "idle.h"
#include "names.h"
#include "../base/base.h"
#include "../unwind/pclntab.h"
#include "../unwind/program.h"
#include "../unwind/stack.h"
#include "../threads/threads.h"

/* The name of a frame of Go's; "" when it is none, or not known. */
static EPI_SAFE const char *name_of(const struct epi_frame *frame)
{
    struct epi_func func;
    return (frame->flags & EPI_FRAME_GO) != 0 &&
                   epi_pclntab_find(epi_program.go, epi_frame_lookup_pc(frame), &func)
               ? epi_pclntab_function(epi_program.go, &func)
               : "";
}

/* Sleeps in runtime.stopm: the number of frames up to it; else 0. */
EPI_SAFE uint32_t epi_idle_frames(const struct epi_stack *stack)
{
    if (epi_program.go == NULL || !epi_program.go->names)
        return 0;
    for (uint32_t i = 0; i < stack->count && i < 6; i++) {
        const char *name = name_of(&stack->frame[i]);
        if (epi_streq(name, "runtime.stopm"))
            return i + 1;
        if (i == 0 && !epi_streq(name, "runtime.futex"))
            break;
    }
    return 0;
}

/* The same for threads that only look for work: all that is on their stack is
 * the scheduler's own. */
EPI_SAFE bool epi_idle_schedules(const struct epi_stack *stack)
{
    static const char *const own[] = {"runtime.schedule", "runtime.sysmon", "runtime.mstart"};
    for (uint32_t i = 0; i < stack->count && (stack->frame[i].flags & EPI_FRAME_GO) != 0; i++) {
        const char *name = name_of(&stack->frame[i]);
        for (size_t j = 0; j < EPI_COUNT(own); j++)
            if (epi_streq(name, own[j]))
                return true;
    }
    return false;
}

/* A goroutine of Epitaph's, by the function that it was started with (as config.IsOwn): the
 * program's own may hang in Epitaph's code too, and are to be seen then. */
static EPI_SAFE bool is_own(const struct epi_stack *stack)
{
    static const char package[] = "github.com/epitaph-go/epitaph/internal/engine.";
    for (uint32_t i = 0; i < stack->count; i++)
        if ((stack->frame[i].flags & EPI_FRAME_GO) == 0)
            return false;
    return stack->count >= 2 &&
           epi_streq(name_of(&stack->frame[stack->count - 1]), "runtime.goexit") &&
           epi_name_begins(name_of(&stack->frame[stack->count - 2]), package);
}

EPI_SAFE enum epi_idle epi_idle_kind(const struct epi_thread *thread)
{
    if (thread->fate == EPI_FATE_SERVICE)
        return EPI_IDLE_OWN;
    if (thread->crashed || epi_thread_answer(thread) == EPI_WRITING || thread->stack.count == 0 ||
        epi_program.go == NULL || !epi_program.go->names)
        return EPI_IDLE_NOT;
    if (thread->idle_go || epi_idle_schedules(&thread->stack))
        return EPI_IDLE_GO;
    return is_own(&thread->stack) ? EPI_IDLE_OWN : EPI_IDLE_NOT;
}

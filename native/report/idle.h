/* Threads whose stacks say nothing, since they wait for work. */
#ifndef EPI_IDLE_H
#define EPI_IDLE_H

#include "../base/base.h"
#include "../unwind/stack.h"
#include "../threads/threads.h"

enum epi_idle {
    EPI_IDLE_NOT,
    EPI_IDLE_GO,  /* of Go's scheduler */
    EPI_IDLE_OWN, /* of Epitaph's: the core's, and those on which its goroutines sleep */
};

/* Looks each frame up by name: for once a thread. */
EPI_SAFE enum epi_idle epi_idle_kind(const struct epi_thread *thread);

/* Of a stack that sleeps in runtime.stopm, the number of frames up to that; else 0. */
EPI_SAFE uint32_t epi_idle_frames(const struct epi_stack *stack);

/* Does its thread but look for work? */
EPI_SAFE bool epi_idle_schedules(const struct epi_stack *stack);

#endif

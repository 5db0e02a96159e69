/* A walk's frames, kept. */
#ifndef EPI_STACK_H
#define EPI_STACK_H

#include "cursor.h"
#include "../base/base.h"

/* A whole stack in fixed memory.  Recursion of period 1 to 8 is collapsed
 * while it is walked: three rounds are kept, the rest is counted.  What is
 * still too long keeps its two ends. */
#define EPI_STACK_FRAMES 256
#define EPI_STACK_TAIL 64 /* of these, kept for the outermost frames */
#define EPI_STACK_RUNS 16
#define EPI_STACK_PERIOD 8

struct epi_run {
    uint32_t at;     /* the run's last kept frame is frame[at - 1] */
    uint32_t period; /* frames in a round */
    uint64_t more;   /* rounds left out after it */
};

struct epi_stack {
    uint32_t count;        /* frames kept */
    uint32_t head;         /* frame[head - 1] and frame[head] are not
                              neighbours when left_out is not 0 */
    uint64_t left_out;     /* frames between them */
    uint64_t total;        /* frames walked */
    uint32_t run_count;
    enum epi_stop stop;
    bool crossed_asmcgocall;
    struct epi_run run[EPI_STACK_RUNS];
    struct epi_frame frame[EPI_STACK_FRAMES];
};

/* Walks CURSOR to its end into STACK.  MAX limits the frames kept (0 or more
 * than EPI_STACK_FRAMES: EPI_STACK_FRAMES).  At every moment STACK is fit to
 * be printed, so a fault or a deadline in the middle costs only the rest. */
EPI_SAFE void epi_stack_collect(struct epi_stack *stack,
                                struct epi_cursor *cursor, uint32_t max);

#endif

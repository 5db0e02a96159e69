/* A whole stack in fixed memory, whatever its depth.
 *
 * Recursion is folded while the stack is walked: the last PCs are compared
 * with those 1 to 8 frames before, so four equal rounds are noticed when the
 * fourth is complete.  It is taken back then, and the rounds that follow are
 * only counted.  What is still too long loses frames in the middle: the list
 * is head, gap, tail, and the oldest frames of the tail go into the gap, some
 * at a time, so that moving the others costs little. */
#include "stack.h"
#include "unwind.h"
#include "../base/base.h"

#define HEAD (EPI_STACK_FRAMES - EPI_STACK_TAIL)
#define DROP (EPI_STACK_TAIL / 4)
#define KEPT_ROUNDS 3

struct fold {
    struct epi_stack *stack;
    uint32_t matches[EPI_STACK_PERIOD + 1]; /* by period: frames at the end that
                                               equal the one a period before */
    struct epi_run *run;                    /* that goes on, or NULL */
    bool flushing;
    uint32_t pending_count; /* frames of its unfinished round */
    struct epi_frame pending[EPI_STACK_PERIOD];
};

/* Takes N frames from AT on out of the list and counts them as left out, with
 * the runs that end among them. */
static EPI_SAFE void leave_out(struct epi_stack *stack, uint32_t at, uint32_t n)
{
    uint32_t count = stack->count, runs = 0;
    stack->left_out += n;
    stack->head = at;
    stack->count = at; /* while the rest moves, the list ends here */
    for (uint32_t i = 0; i < stack->run_count; i++) {
        struct epi_run run = stack->run[i];
        if (run.at > at && run.at <= at + n) {
            stack->left_out += run.more * run.period;
            continue;
        }
        if (run.at > at)
            run.at -= n;
        stack->run[runs++] = run;
    }
    stack->run_count = runs;
    epi_copy(&stack->frame[at], &stack->frame[at + n],
             (count - at - n) * sizeof stack->frame[0]);
    stack->count = count - n;
}

static EPI_SAFE void append(struct fold *fold, const struct epi_frame *frame)
{
    struct epi_stack *stack = fold->stack;
    if (stack->count == EPI_STACK_FRAMES)
        leave_out(stack, HEAD, DROP);
    uint32_t n = stack->count;
    epi_copy_words(&stack->frame[n], frame, sizeof *frame);
    stack->count = n + 1;
    if (stack->left_out == 0)
        stack->head = stack->count;
    for (uint32_t period = 1; period <= EPI_STACK_PERIOD; period++) {
        uint32_t *matches = &fold->matches[period];
        if (n < period || stack->frame[n - period].pc != frame->pc) {
            *matches = 0;
            continue;
        }
        if (++*matches < KEPT_ROUNDS * period || fold->flushing ||
            fold->run != NULL || stack->run_count == EPI_STACK_RUNS)
            continue;
        fold->run = &stack->run[stack->run_count];
        fold->run->at = stack->count - period;
        fold->run->period = period;
        fold->run->more = 1;
        stack->run_count++;
        stack->count -= period;
        if (stack->left_out == 0)
            stack->head = stack->count;
    }
}

/* The frames of an unfinished round are a part of the list after all. */
static EPI_SAFE void end_run(struct fold *fold)
{
    uint32_t n = fold->pending_count;
    fold->run = NULL;
    fold->pending_count = 0;
    epi_zero(fold->matches, sizeof fold->matches);
    fold->flushing = true; /* no run may begin before all of them are there */
    for (uint32_t i = 0; i < n; i++)
        append(fold, &fold->pending[i]);
    fold->flushing = false;
}

static EPI_SAFE void add(struct fold *fold, const struct epi_frame *frame)
{
    if (fold->run != NULL) {
        struct epi_run *run = fold->run;
        if (fold->stack->frame[run->at - run->period + fold->pending_count].pc ==
            frame->pc) {
            fold->pending[fold->pending_count++] = *frame;
            if (fold->pending_count == run->period) {
                run->more++;
                fold->pending_count = 0;
            }
            return;
        }
        end_run(fold);
    }
    append(fold, frame);
}

EPI_SAFE void epi_stack_collect(struct epi_stack *stack, struct epi_cursor *cursor,
                                uint32_t max)
{
    struct fold fold;
    struct epi_frame frame;
    epi_zero(&fold, sizeof fold);
    epi_zero(stack, offsetof(struct epi_stack, run));
    fold.stack = stack;
    while (epi_cursor_next(cursor, &frame)) {
        stack->total++;
        stack->crossed_asmcgocall = cursor->crossed_asmcgocall;
        add(&fold, &frame);
    }
    end_run(&fold);
    stack->stop = cursor->stop;
    stack->crossed_asmcgocall = cursor->crossed_asmcgocall;
    if (max != 0 && stack->count > max) {
        uint32_t tail = max / (EPI_STACK_FRAMES / EPI_STACK_TAIL);
        uint32_t at = max - tail, n = stack->count - max;
        if (stack->left_out != 0 && at + n < stack->head)
            n = stack->head - at; /* one gap, not two */
        leave_out(stack, at, n);
    }
}

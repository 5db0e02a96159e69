#include "reference.h"

#include <unwind.h>

static _Unwind_Reason_Code add(struct _Unwind_Context *context, void *arg)
{
    struct reference *reference = arg;
    if (reference->count == REFERENCE_MAX)
        return _URC_END_OF_STACK;
    uintptr_t pc = (uintptr_t)_Unwind_GetIP(context);
    if (pc == 0) /* libgcc shows the end of a stack as a frame */
        return _URC_END_OF_STACK;
    reference->sp[reference->count] = (uintptr_t)_Unwind_GetCFA(context);
    reference->pc[reference->count++] = pc;
    return _URC_NO_REASON;
}

__attribute__((noinline)) void reference_take(struct reference *reference)
{
    reference->count = 0;
    _Unwind_Backtrace(add, reference);
    for (size_t i = 1; i < reference->count; i++) {
        reference->pc[i - 1] = reference->pc[i];
        reference->sp[i - 1] = reference->sp[i];
    }
    reference->count--;
}

static _Unwind_Reason_Code count(struct _Unwind_Context *context, void *arg)
{
    *(size_t *)arg += _Unwind_GetIP(context) != 0;
    return _URC_NO_REASON;
}

size_t reference_count(void)
{
    size_t frames = 0;
    _Unwind_Backtrace(count, &frames);
    return frames;
}

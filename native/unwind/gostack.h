/* The step from a Go frame to its caller, and the border to C. */
#ifndef EPI_GOSTACK_H
#define EPI_GOSTACK_H

#include "cursor.h"
#include "golayout.h"
#include "../base/base.h"

/* The goroutine that waits for the C code which runs on the thread whose g is
 * G (or NULL), or NULL. */
EPI_SAFE uintptr_t epi_gostack_goroutine(const struct epi_goruntime *go, uintptr_t g);

/* Does the Go function at PC call C?  Others are no callers of a C frame. */
EPI_SAFE bool epi_gostack_calls_c(const struct epi_goruntime *go, uintptr_t pc);

/* Does it ask the vDSO for the time or for random numbers?  It calls no other C. */
EPI_SAFE bool epi_gostack_calls_vdso(const struct epi_goruntime *go, uintptr_t pc);

/* One Go frame; the PC is in Go text. */
EPI_SAFE enum epi_step epi_gostack_step(struct epi_cursor *cursor);

/* When the C frames of a cgo call are lost: moves CURSOR to the Go function
 * that made the call, which the goroutine's saved SP leads to.  False when
 * CURSOR's thread is not in such a call. */
EPI_SAFE bool epi_gostack_resume(struct epi_cursor *cursor);

/* Where the C frames of the current cgo call end on CURSOR's stack; UINTPTR_MAX
 * when that is not known. */
EPI_SAFE uintptr_t epi_gostack_c_end(const struct epi_cursor *cursor);

#endif

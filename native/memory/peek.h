/* Reading memory that may not be there. */
#ifndef EPI_PEEK_H
#define EPI_PEEK_H

#include "../base/base.h"

#include <signal.h>

/* Copies N bytes from the address FROM; false when any of them cannot be read
 * (TO may then hold a part).  Never faults, on any thread, as long as the
 * core's handlers for SIGSEGV and SIGBUS are installed and not blocked. */
EPI_SAFE bool epi_peek(void *to, uintptr_t from, size_t n);
EPI_SAFE bool epi_peek64(uint64_t *to, uintptr_t from);
EPI_SAFE bool epi_peek32(uint32_t *to, uintptr_t from);
EPI_SAFE bool epi_peek8(uint8_t *to, uintptr_t from);

/* Copies the string at FROM into TO (SIZE bytes, always terminated); false
 * when it cannot be read, or has no end within SIZE (TO holds what fitted). */
EPI_SAFE bool epi_peek_string(char *to, size_t size, uintptr_t from);

/* From now on loads are left to the kernel, for a dump while another
 * handler gets the faults; false when it refuses.  epi_peek_use_loads ends that, unless
 * the process is traced. */
EPI_SAFE bool epi_peek_use_calls(void);
EPI_SAFE bool epi_peek_uses_calls(void);
EPI_SAFE void epi_peek_use_loads(void);

/* Looks whether the process is traced; then loads are left to the kernel from now
 * on, where it does not refuse.  For a healthy process. */
EPI_SAFE void epi_peek_mind_tracer(void);

/* The handler's first question: is this the fault of a peek?  If so, the
 * context is changed to continue where the peek returns false.  A signal that was
 * sent while a peek ran is none. */
EPI_SAFE bool epi_peek_fixup(const siginfo_t *info, ucontext_t *uc);

/* Could the byte at ADDRESS be written?  Tried out, without changing it. */
EPI_SAFE bool epi_peek_writable(uintptr_t address);

#endif

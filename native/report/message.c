/* The message that glibc keeps for core dumps: the text of a failed assert(),
 * of malloc's and free's checks, of the stack protector and of _FORTIFY_SOURCE
 * (assert/assert.c and sysdeps/posix/libc_fatal.c, __abort_msg).  It is also on
 * standard error, but that is often not where the report goes.
 *
 * The variable is private to glibc, so its address is looked for while the
 * process is healthy, and everything behind it is read as memory that may not
 * be there.  musl keeps no message.
 *
 * In a dynamic program dlsym finds it: it is exported, as GLIBC_PRIVATE.  A
 * plain weak reference would too, but then the program would depend on that
 * version of glibc, which package builders refuse.  A static program has no
 * dynamic symbols; there a reference that is weak and hidden is resolved by the
 * static library only, since a shared one may not define what is hidden.  GNU
 * gold calls that an error; the build tag epitaph_nowrap leaves it out. */
#include "message.h"
#include "cxx.h"
#include "report_parts.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../memory/peek.h"
#include "../text/out.h"
#include "../incident/incident.h"
#include "../threads/create.h"

#include <dlfcn.h>
#include <errno.h>

/* Before glibc 2.34 these are in a library of their own, which the program need
 * not have, and a static program that does not load libraries has none. */
#pragma weak dlsym

static uintptr_t abort_message; /* of glibc's variable; 0: there is none */

struct abort_message {
    unsigned size; /* of the mapping that holds it */
    char text[];
};

#ifndef EPI_NOWRAP
extern struct abort_message *__abort_msg __attribute__((weak, visibility("hidden")));
#endif

static uintptr_t find_abort_message(void)
{
#ifndef EPI_NOWRAP
    /* In memory, not as an operand: an instruction cannot always hold the
     * address of what is not there. */
    static struct abort_message **const volatile linked = &__abort_msg;
    if (linked != NULL)
        return (uintptr_t)linked;
#endif
    return dlsym == NULL ? 0 : (uintptr_t)dlsym(RTLD_DEFAULT, "__abort_msg");
}

void epi_message_start(void)
{
    if (abort_message == 0)
        abort_message = find_abort_message();
    epi_cxx_start();
}

void epi_message_stop(void)
{
    epi_cxx_stop();
}

static EPI_SAFE void show(struct epi_out *out, char *text)
{
    size_t size = epi_strlen(text);
    while (size > 0 && text[size - 1] == '\n')
        text[--size] = '\0';
    if (size == 0)
        return;
    epi_out_text(out, "Message: \"");
    epi_out_escaped(out, text);
    epi_out_text(out, "\"\n");
}

/* An abort that comes so soon behind a thread that could not be made is for want of it. */
#define SOON (100 * EPI_MS)

static EPI_SAFE void show_missing_thread(struct epi_incident *incident)
{
    const struct epi_create_failure *failure = &epi_create_failure;
    struct epi_out *out = &incident->out;
    if (failure->tid != epi_gettid() || incident->began - failure->when > SOON)
        return;
    epi_out_text(out, "Message: \"pthread_create failed just before: error ");
    epi_out_decimal(out, failure->error);
    epi_out_text(out, failure->error == EAGAIN ? " (EAGAIN: no thread more is allowed, or no memory"
                                                 " is left for one)\"\n"
                                               : "\"\n");
}

EPI_SAFE void epi_report_message(struct epi_incident *incident)
{
    struct epi_terminate *terminate = &epi_terminate_words;
    uint64_t message;
    /* Also when what() faults: then it is not the abort that is reported. */
    if (atomic_load(&terminate->tid) == epi_gettid())
        show(&incident->out, terminate->text);
    if (incident->signal == SIGABRT)
        show_missing_thread(incident);
    if (incident->signal == SIGABRT && abort_message != 0 &&
        epi_peek64(&message, abort_message) && message != 0) {
        epi_peek_string(incident->message, sizeof incident->message,
                        (uintptr_t)message + offsetof(struct abort_message, text));
        show(&incident->out, incident->message);
    }
}

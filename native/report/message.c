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
/* In a static program glibc's own takes the place of this one.  In a dynamic one a reference
 * would be to libc.so's, which only libc.so may use; gold and mold refuse a hidden one. */
static struct abort_message placeholder;
__attribute__((weak, visibility("hidden"))) struct abort_message *__abort_msg = &placeholder;
#endif

static uintptr_t find_abort_message(void)
{
#ifndef EPI_NOWRAP
    if (__abort_msg != &placeholder)
        return (uintptr_t)&__abort_msg;
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

/* An abort that comes so soon behind a thread that could not be made is for want of it. */
#define SOON (100 * EPI_MS)

/* In the incident's buffer, which is free until the C library's words are copied to it. */
static EPI_SAFE char *missing_thread(struct epi_incident *incident)
{
    static const char start[] = "pthread_create failed just before: error ";
    static const char again[] = " (EAGAIN: no more threads are allowed, or no memory is left for one)";
    const struct epi_create_failure *failure = &epi_create_failure;
    char digits[20], *to = incident->message;
    if (failure->tid != epi_gettid() || incident->began - failure->when > SOON)
        return NULL;
    const char *first = epi_decimal(digits + sizeof digits, (uint64_t)failure->error);
    size_t size = (size_t)(digits + sizeof digits - first);
    epi_copy(to, start, sizeof start);
    epi_copy(to + sizeof start - 1, first, size);
    to[sizeof start - 1 + size] = '\0';
    if (failure->error == EAGAIN)
        epi_copy(to + sizeof start - 1 + size, again, sizeof again);
    return to;
}

static EPI_SAFE char *abort_words(struct epi_incident *incident)
{
    uint64_t message;
    if (abort_message == 0 || !epi_peek64(&message, abort_message) || message == 0)
        return NULL;
    epi_peek_string(incident->message, sizeof incident->message,
                    (uintptr_t)message + offsetof(struct abort_message, text));
    return incident->message;
}

/* What the C++ runtime said; also when what() faults: then it is not the abort that is
 * reported. */
static EPI_SAFE char *terminate_words(void)
{
    struct epi_terminate *terminate = &epi_terminate_words;
    return atomic_load(&terminate->tid) == epi_gettid() ? terminate->text : NULL;
}

#define MESSAGES 3

/* The Ith message in the order of the report, or NULL. */
static EPI_SAFE const char *message(struct epi_incident *incident, int i)
{
    bool aborted = incident->signal == SIGABRT;
    char *text = i == 0     ? terminate_words()
                 : !aborted ? NULL
                 : i == 1   ? missing_thread(incident)
                            : abort_words(incident);
    size_t size = text == NULL ? 0 : epi_strlen(text);
    while (size > 0 && text[size - 1] == '\n')
        text[--size] = '\0';
    return size == 0 ? NULL : text;
}

EPI_SAFE const char *epi_message_first(struct epi_incident *incident)
{
    for (int i = 0; i < MESSAGES; i++) {
        const char *text = message(incident, i);
        if (text != NULL)
            return text;
    }
    return NULL;
}

EPI_SAFE void epi_report_message(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    for (int i = 0; i < MESSAGES; i++) {
        const char *text = message(incident, i);
        if (text == NULL)
            continue;
        epi_out_text(out, "Message: \"");
        epi_out_escaped(out, text);
        epi_out_text(out, "\"\n");
    }
}

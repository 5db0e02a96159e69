/* The C++ exception that was not caught.  After abort() only the type's name and
 * what() could still be dug out of the runtime's private structures; in
 * std::terminate's handler, which runs before, on the same thread, the runtime
 * can be asked.  No signal is being handled there: malloc and locks are allowed.
 *
 * The core is C, must link without a C++ library, and serves a program that
 * loads one later, so the runtime's functions are found by their mangled names:
 * by weak references in a program that is linked with it (statically too), else
 * in the library that is loaded.  The names and layouts are the Itanium C++
 * ABI's, which libstdc++ and libc++ share.
 *
 * The hook must not be worse than what was there.  It writes down what it knows
 * before each step that runs foreign code: the demangler, which allocates, and
 * what(), which may do anything.  libstdc++'s own handler takes both steps too.
 * A fault in them is reported as any other, with the text so far; what() may
 * throw.  Then the previous handler is called: it prints, or is the program's.
 * What the hook cannot do is leave a what() that never returns. */
#include "cxx.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../memory/peek.h"
#include "../incident/incident.h"

#include <dlfcn.h>
#include <stdlib.h>

#pragma weak dlopen
#pragma weak dlclose
#pragma weak dlsym

struct epi_terminate epi_terminate_words;

/* std::type_info. */
struct type_info {
    uintptr_t vtable;
    const char *name; /* with a '*' in front when it is only unique by address */
};

/* std::exception_ptr holds a pointer.  It is returned in memory, as is a struct
 * that is too large for registers: so this one is. */
struct exception_ptr {
    void *object;
    void *unused[3];
};

/* __cxa_eh_globals. */
struct eh_globals {
    char *caught; /* the header of the exception, see current_object */
    unsigned uncaught;
};

struct runtime {
    epi_terminate_fn *(*set_terminate)(epi_terminate_fn *);
    epi_terminate_fn *(*get_terminate)(void);
    const struct type_info *(*current_exception_type)(void);
    struct exception_ptr (*current_exception)(void);
    struct eh_globals *(*get_globals)(void);
    char *(*demangle)(const char *name, char *buffer, size_t *size, int *status);
    const struct type_info *exception; /* typeid(std::exception) */
};

#define WEAK __attribute__((weak))
extern epi_terminate_fn *_ZSt13set_terminatePFvvE(epi_terminate_fn *) WEAK;
extern epi_terminate_fn *_ZSt13get_terminatev(void) WEAK;
extern const struct type_info *__cxa_current_exception_type(void) WEAK;
extern struct exception_ptr _ZSt17current_exceptionv(void) WEAK;
extern struct eh_globals *__cxa_get_globals(void) WEAK;
extern char *__cxa_demangle(const char *, char *, size_t *, int *) WEAK;
extern const struct type_info _ZTISt9exception WEAK;

static struct runtime linked_runtime(void)
{
    /* Volatile, or the compiler may know better than the linker what is there. */
    static const volatile struct runtime linked = {
        _ZSt13set_terminatePFvvE, _ZSt13get_terminatev, __cxa_current_exception_type,
        _ZSt17current_exceptionv, __cxa_get_globals,    __cxa_demangle,
        &_ZTISt9exception,
    };
    return linked;
}

/* Only what is loaded; the handle is kept, so that the library stays. */
static void *loaded_library(void)
{
    static const char *const names[] = {"libstdc++.so.6", "libc++abi.so.1", "libc++.so.1"};
    for (size_t i = 0; dlopen != NULL && i < EPI_COUNT(names); i++) {
        void *library = dlopen(names[i], RTLD_LAZY | RTLD_NOLOAD);
        if (library == NULL)
            continue;
        if (dlsym(library, "_ZSt13set_terminatePFvvE") != NULL)
            return library;
        dlclose(library);
    }
    return NULL;
}

/* A pointer to a function or to data, as the runtime's table has it. */
static void look_up(void *to, void *library, const char *name)
{
    void *address = dlsym(library, name);
    epi_copy(to, &address, sizeof address);
}

/* The functions that are there; set_terminate may be missing too. */
static struct runtime find_runtime(void)
{
    struct runtime found = linked_runtime();
    void *library;
    if (found.set_terminate != NULL || (library = loaded_library()) == NULL)
        return found;
    look_up(&found.set_terminate, library, "_ZSt13set_terminatePFvvE");
    look_up(&found.get_terminate, library, "_ZSt13get_terminatev");
    look_up(&found.current_exception_type, library, "__cxa_current_exception_type");
    look_up(&found.current_exception, library, "_ZSt17current_exceptionv");
    look_up(&found.get_globals, library, "__cxa_get_globals");
    look_up(&found.demangle, library, "__cxa_demangle");
    look_up(&found.exception, library, "_ZTISt9exception");
    return found;
}

static void add(struct epi_terminate *terminate, const char *text)
{
    size_t room = sizeof terminate->text - 1 - terminate->used;
    for (; *text != '\0' && room > 0; room--)
        terminate->text[terminate->used++] = *text++;
}

/* A text of the program's, which may be anywhere. */
static void add_foreign(struct epi_terminate *terminate, const char *text)
{
    char *to = terminate->text + terminate->used;
    epi_peek_string(to, sizeof terminate->text - terminate->used, (uintptr_t)text);
    terminate->used += epi_strlen(to);
}

static void add_type(struct epi_terminate *terminate, const struct runtime *runtime,
                     const struct type_info *type)
{
    size_t start = terminate->used;
    int status = -1;
    const char *name = type->name + (*type->name == '*' ? 1 : 0);
    add_foreign(terminate, name);
    char *readable = runtime->demangle == NULL ? NULL : runtime->demangle(name, NULL, NULL, &status);
    if (readable == NULL || status != 0)
        return;
    epi_zero(terminate->text + start, terminate->used - start);
    terminate->used = start;
    add(terminate, readable); /* and not freed: the process ends */
}

/* Without std::current_exception no exception can have been rethrown by
 * std::rethrow_exception (they are one object of the static library), so that
 * the header is an exception's own, and the object stands behind it.  The header
 * is __cxa_exception of the ABI's C++ part, which ends in the unwinder's 32
 * bytes, which end on a boundary of 16. */
static void *current_object(const struct runtime *runtime)
{
    enum { SIZE_OF_HEADER = 112 };
    if (runtime->current_exception != NULL)
        return runtime->current_exception().object;
    struct eh_globals *globals = runtime->get_globals == NULL ? NULL : runtime->get_globals();
    return globals == NULL || globals->caught == NULL ? NULL : globals->caught + SIZE_OF_HEADER;
}

/* The exception being described, for ask. */
struct question {
    const struct runtime *runtime;
    const struct type_info *type;
    const char *answer;
};

/* What a catch clause for std::exception does, and the call of what().  The
 * slots are those of both libraries: type_info::__do_catch (which libc++ calls
 * can_catch) behind two destructors and two questions, what() behind two
 * destructors. */
static void ask(void *arg)
{
    struct question *question = arg;
    const struct type_info *exception = question->runtime->exception;
    const void *object = current_object(question->runtime);
    uint64_t vtable, slot;
    if (object == NULL || !epi_peek64(&slot, exception->vtable + 4 * sizeof(void *)))
        return;
    bool (*catches)(const struct type_info *, const struct type_info *, const void **, unsigned) =
        (bool (*)(const struct type_info *, const struct type_info *, const void **,
                  unsigned))(uintptr_t)slot;
    if (!catches(exception, question->type, &object, 1) ||
        !epi_peek64(&vtable, (uintptr_t)object) ||
        !epi_peek64(&slot, (uintptr_t)vtable + 2 * sizeof(void *)))
        return;
    const char *(*what)(const void *) = (const char *(*)(const void *))(uintptr_t)slot;
    question->answer = what(object);
}

static void describe(struct epi_terminate *terminate)
{
    const struct runtime runtime = find_runtime();
    const struct type_info *type =
        runtime.current_exception_type == NULL ? NULL : runtime.current_exception_type();
    if (type == NULL) {
        add(terminate, "terminate called without an active exception");
        return;
    }
    add(terminate, "terminate called after throwing an instance of '");
    add_type(terminate, &runtime, type);
    add(terminate, "'");
    struct question question = {&runtime, type, NULL};
    if (runtime.exception == NULL)
        return;
    if (epi_arch_setjmp(&epi_cxx_thrown) != 0) {
        add(terminate, "; its what() throws an exception");
        return;
    }
    epi_arch_call_cxx(ask, &question);
    if (question.answer == NULL)
        return;
    add(terminate, "; what(): ");
    add_foreign(terminate, question.answer);
}

static void on_terminate(void)
{
    struct epi_terminate *terminate = &epi_terminate_words;
    int nobody = 0;
    if (epi_incidents.options != NULL &&
        atomic_compare_exchange_strong(&terminate->tid, &nobody, epi_gettid()))
        describe(terminate);
    if (terminate->previous != NULL)
        terminate->previous();
    abort();
}

void epi_cxx_start(void)
{
    struct epi_terminate *terminate = &epi_terminate_words;
    /* Never twice: a handler that the program has put in front of ours calls
     * ours, and must not become our previous one. */
    if (terminate->installed)
        return;
    const struct runtime runtime = find_runtime();
    if (runtime.set_terminate == NULL)
        return;
    terminate->installed = true;
    if (runtime.get_terminate != NULL) /* for one that terminates right now */
        terminate->previous = runtime.get_terminate();
    terminate->previous = runtime.set_terminate(on_terminate);
}

void epi_cxx_stop(void)
{
    struct epi_terminate *terminate = &epi_terminate_words;
    const struct runtime runtime = find_runtime();
    if (!terminate->installed || runtime.get_terminate == NULL ||
        runtime.get_terminate() != on_terminate)
        return;
    runtime.set_terminate(terminate->previous);
    terminate->installed = false;
}

/* What is known of each handler, found out at its first fault. */
#include "hosts.h"
#include "wrap.h"
#include "actions.h"
#include "../base/base.h"
#include "../base/fetch.h"
#include "../memory/maps.h"
#include "../image/modules.h"
#include "../unwind/program.h"

#include <stdatomic.h>

enum kind {
    UNKNOWN,
    RESOLVES,
    REPORTS, /* prints, and lets the process die */
    SEEN,    /* of this link */
};

/* Beginnings of the file names of libraries. */
static const struct {
    const char *name;
    enum kind kind;
} libraries[] = {
    /* Java, Android, JavaScript, .NET */
    {"libjvm.", RESOLVES}, {"libj9", RESOLVES}, {"libart.", RESOLVES}, {"libsigchain.", RESOLVES},
    {"libnode.", RESOLVES}, {"libv8", RESOLVES}, {"libmozjs", RESOLVES},
    {"libjavascriptcore", RESOLVES}, {"libwebkit", RESOLVES}, {"libmono", RESOLVES},
    {"libcoreclr.", RESOLVES}, {"libclr", RESOLVES}, {"libdart", RESOLVES},
    /* WebAssembly */
    {"libwasmtime", RESOLVES}, {"libwasmer", RESOLVES}, {"libwasmedge", RESOLVES},
    {"libiwasm", RESOLVES}, {"libvmlib", RESOLVES},
    /* collectors, languages, emulators */
    {"libgc.", RESOLVES}, {"libgc-", RESOLVES}, {"libsigsegv", RESOLVES}, {"libguile", RESOLVES},
    {"libecl.", RESOLVES}, {"libjulia", RESOLVES}, {"libpolyml", RESOLVES},
    {"libunicorn", RESOLVES}, {"libqemu", RESOLVES},
    /* reporters */
    {"libglog", REPORTS}, {"libabsl_failure_signal_handler", REPORTS}, {"libfolly", REPORTS},
    {"libpython", REPORTS}, {"_faulthandler", REPORTS}, {"libSegFault", REPORTS},
    {"libsentry", REPORTS}, {"libcrashpad", REPORTS}, {"libbreakpad", REPORTS},
    {"libtorch", REPORTS}, {"libc10.", REPORTS}, {"libR.", REPORTS}, {"libruby", REPORTS},
    {"libMagickCore", REPORTS}, {"libKF5Crash", REPORTS}, {"libKF6Crash", REPORTS},
    {"libasan", REPORTS}, {"libtsan", REPORTS}, {"libmsan", REPORTS}, {"libubsan", REPORTS},
    {"libclang_rt", REPORTS},
};

static EPI_SAFE bool begins(const char *name, const char *with)
{
    while (*with != '\0')
        if (*name++ != *with++)
            return false;
    return true;
}

static EPI_SAFE enum kind kind_by_name(const char *path)
{
    const char *name = path;
    for (const char *at = path; *at != '\0'; at++)
        if (*at == '/')
            name = at + 1;
    for (size_t i = 0; i < EPI_COUNT(libraries); i++)
        if (begins(name, libraries[i].name))
            return libraries[i].kind;
    return UNKNOWN;
}

/* A library that was loaded after the last look at what is loaded is in no table yet. */
static EPI_SAFE enum kind find_out(uintptr_t handler)
{
    const struct epi_modules *modules = epi_program.modules;
    const struct epi_module *module = modules == NULL ? NULL : epi_modules_find(modules, handler);
    struct epi_mapping mapping;
    if (module == NULL)
        return epi_maps_find(handler, &mapping, NULL) ? kind_by_name(mapping.path) : UNKNOWN;
    enum kind kind = kind_by_name(module->path);
    if (kind == UNKNOWN && epi_action_is_wrapped() &&
        module == epi_modules_find(modules, (uintptr_t)epi_host_goes_first))
        kind = SEEN;
    return kind;
}

struct known {
    _Atomic uintptr_t handler; /* 0: free */
    _Atomic int kind;
    _Atomic bool found_out;
};

/* More than there are signals that a fault may have. */
static struct known known[32];

/* NULL: there is no room. */
static EPI_SAFE struct known *find(uintptr_t handler)
{
    for (size_t i = 0; i < EPI_COUNT(known); i++) {
        uintptr_t free = 0;
        if (known[i].handler == handler ||
            atomic_compare_exchange_strong(&known[i].handler, &free, handler) || free == handler)
            return &known[i];
    }
    return NULL;
}

static EPI_SAFE enum kind kind_of(uintptr_t handler)
{
    struct known *entry = find(handler);
    if (entry == NULL)
        return find_out(handler);
    if (!entry->found_out) {
        int unknown = UNKNOWN, kind = (int)find_out(handler);
        atomic_compare_exchange_strong(&entry->kind, &unknown, kind);
        entry->found_out = true;
    }
    return (enum kind)entry->kind;
}

EPI_SAFE bool epi_host_resolves(uintptr_t handler)
{
    return kind_of(handler) == RESOLVES;
}

EPI_SAFE EPI_ON_FAULT void epi_host_has_resolved(uintptr_t handler)
{
    struct known *entry = handler == 0 ? NULL : find(handler);
    if (entry != NULL && entry->kind != RESOLVES)
        entry->kind = RESOLVES;
}

EPI_SAFE EPI_ON_FAULT struct epi_evidence *epi_host_evidence(int tid, uintptr_t sp)
{
    uintptr_t resolved = 0;
    struct epi_evidence *evidence = epi_asked_evidence(tid, sp, &resolved);
    epi_host_has_resolved(resolved);
    return evidence;
}

static bool libraries_seen;

void epi_hosts_see_libraries(bool seen)
{
    libraries_seen = seen;
}

EPI_SAFE bool epi_hosts_in_libraries_are_seen(void)
{
    return libraries_seen && epi_action_is_wrapped();
}

static EPI_SAFE bool code_of_no_module(uintptr_t pc)
{
    const struct epi_modules *modules = epi_program.modules;
    struct epi_mapping mapping;
    if (modules == NULL || epi_modules_find_text(modules, pc) != NULL)
        return false;
    return epi_maps_find(pc, &mapping, NULL) && (mapping.prot & EPI_PROT_EXEC) != 0 &&
           mapping.inode == 0;
}

EPI_SAFE bool epi_host_goes_first(enum epi_host_first wanted, uintptr_t handler, int signal,
                                  uintptr_t pc, bool doubt)
{
    if (wanted != EPI_HOST_FIRST_KNOWN)
        return wanted == EPI_HOST_FIRST_ALWAYS;
    enum kind kind = kind_of(handler);
    return kind == RESOLVES || kind == SEEN ||
           (kind == UNKNOWN &&
            (doubt || signal == SIGSYS || signal == SIGTRAP || code_of_no_module(pc)));
}

/* Reads the thread's own number and goroutine, without a system call. */
#include "self.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../incident/process.h"

#include <stdatomic.h>

static struct epi_self_layout known;

/* runtime._Gsyscall: a goroutine that waits for C code.  The bit is _Gscan: the collector
 * looks at it. */
#define IN_C     3
#define SCAN_BIT 0x1000u

/* The one place in runtime.cgocall that calls C.  A thread that C has created keeps a goroutine
 * between its calls of Go, in the same state (runtime.needm): that has called nothing. */
static _Atomic uintptr_t cgocall;

/* A child of fork has the number of its parent's thread here, and is recognised by its process's,
 * which is 0 there until the child enables the core; the same applies before Enable.  A child
 * of vfork is in the memory of its parent, whose number it must not replace.  The
 * TLS model needs no call of the loader; Go's own g is there in the same way. */
static __thread __attribute__((tls_model("initial-exec"))) struct {
    int pid;
    uint32_t tid;
} self;

uint32_t epi_self_thread(void)
{
    int pid = epi_process()->pid;
    if (pid != 0 && self.pid == pid)
        return self.tid;
    uint32_t tid = (uint32_t)epi_gettid();
    if (pid != 0 && pid == epi_getpid()) {
        self.tid = tid;
        self.pid = pid;
    }
    return tid;
}

static uint64_t load(uintptr_t address)
{
    return *(const volatile uint64_t *)address;
}

/* The goroutine that runs on the thread, and where it has called C; 0: none has. */
static uintptr_t current_goroutine(uintptr_t *call)
{
    uintptr_t g = ((uintptr_t(*)(void))known.getg)();
    if (g == 0)
        return 0; /* Go does not know the thread */
    uintptr_t m = load(g + known.m);
    uintptr_t current = m == 0 ? 0 : load(m + known.current);
    if (current == 0 || ((uint32_t)load(current + known.status) & ~SCAN_BIT) != IN_C)
        return 0;
    *call = load(current + known.call);
    return current;
}

uintptr_t epi_self_learn(const struct epi_self_layout *layout)
{
    uintptr_t call = 0;
    if (cgocall == 0) {
        known = *layout;
        cgocall = current_goroutine(&call) != 0 ? call : 0;
    }
    return cgocall;
}

void epi_self_forget(void)
{
    cgocall = 0;
}

uint64_t epi_self_goroutine(void)
{
    uintptr_t call, expected = cgocall;
    uintptr_t current = expected == 0 ? 0 : current_goroutine(&call);
    return current != 0 && call == expected ? load(current + known.goid) : 0;
}

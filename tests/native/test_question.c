/* A dump is stopped while it writes down who asks; a crash asks meanwhile.  Go learns that
 * it is the crash's question, and answers no other. */
#include "check.h"
#include "goparts.h"
#include "goside.h"
#include "process.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

static struct epi_goroutines *live;

static uint32_t load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

/* No time is left: it does not wait for the answer. */
static void ask(struct epi_incident *incident, bool healthy)
{
    incident->style.healthy = healthy;
    incident->subject.tid = healthy ? 22 : 11;
    incident->subject.goroutine = healthy ? 2 : 1;
    incident->out.target.fd = incident->out.fallback.fd = incident->out.copy.fd = -1;
    epi_goroutines_take(incident);
}

static void check_asker(bool healthy)
{
    uint32_t question = load(&live->asked);
    const struct epi_asker *asker = &live->asker[question % EPI_ASKERS];
    CHECK(asker->healthy == healthy && asker->thread == (healthy ? 22 : 11) &&
              asker->goroutine == (healthy ? 2 : 1),
          "question %u: healthy %u, thread %d, goroutine %lu", question, asker->healthy,
          asker->thread, asker->goroutine);
}

static void *page; /* who asks begins there */
static uint32_t crashs;

static void on_fault(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    if (mprotect(page, 4096, PROT_READ | PROT_WRITE) != 0 || crashs != 0)
        _exit(1);
    ask(&epi_process()->crash, false);
    crashs = load(&live->asked);
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    char *memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    page = memory + 4096;
    live = (void *)(memory + 4096 - offsetof(struct epi_goroutines, asker));
    epi_goside.live = live;
    live->on = 1;

    ask(&epi_process()->dump, true);
    check_asker(true);
    mprotect(page, 4096, PROT_NONE);
    ask(&epi_process()->dump, true);
    CHECK(crashs != 0, "the dump was not stopped");
    CHECK(load(&live->asked) == crashs, "question %u, the crash's is %u", load(&live->asked), crashs);
    check_asker(false);
    CHECK(load(&live->claimed) == crashs, "the crash's question stands, though it was given up");

    /* A dump that begins its question only now has seen the crash's as the last one. */
    epi_process()->crash.owner = (uint64_t)(uint32_t)getpid() << 32 | 11;
    ask(&epi_process()->dump, true);
    CHECK(load(&live->asked) == crashs, "a dump asked over the crash's question");
    check_asker(false);
    epi_process()->crash.owner = 0;

    ask(&epi_process()->dump, true); /* the crash was repaired */
    CHECK(load(&live->asked) > crashs, "the next dump asks nothing");
    check_asker(true);
    return check_result();
}

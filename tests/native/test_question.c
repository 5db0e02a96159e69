/* A dump and a crash ask Go at the same time: who answers learns whose question it is. */
#include "check.h"
#include "goparts.h"
#include "goside.h"
#include "process.h"

#include <pthread.h>

#define QUESTIONS 100000

static struct epi_goroutines live = {.on = 1};
static _Atomic int asking = 2;

static void *ask(void *value)
{
    struct epi_incident *incident = value;
    for (int i = 0; i < QUESTIONS; i++)
        epi_goroutines_take(incident); /* no time is left: it does not wait */
    asking--;
    return NULL;
}

static void start(pthread_t *thread, struct epi_incident *incident, bool healthy)
{
    incident->style.healthy = healthy;
    incident->subject.tid = healthy ? 22 : 11;
    incident->subject.goroutine = healthy ? 2 : 1;
    incident->out.target.fd = incident->out.fallback.fd = incident->out.copy.fd = -1;
    pthread_create(thread, NULL, ask, incident);
}

static uint32_t load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

/* As cgo.Live does. */
static void answer(uint32_t seen[2])
{
    uint32_t question = load(&live.asked), claimed = load(&live.claimed);
    if (question == claimed)
        return;
    struct epi_asker asker = live.asker[question % EPI_ASKERS];
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (load(&live.asked) != question)
        return; /* it is not asked any more */
    bool dumps = asker.healthy == 1 && asker.thread == 22 && asker.goroutine == 2;
    bool crashs = asker.healthy == 0 && asker.thread == 11 && asker.goroutine == 1;
    CHECK(dumps || crashs, "question %u: healthy %u, thread %d, goroutine %lu", question,
          asker.healthy, asker.thread, asker.goroutine);
    seen[dumps]++;
}

int main(void)
{
    pthread_t threads[2];
    uint32_t seen[2] = {0, 0};
    epi_goside.live = &live;
    start(&threads[0], &epi_process()->crash, false);
    start(&threads[1], &epi_process()->dump, true);
    while (asking > 0)
        answer(seen);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    CHECK(seen[0] > 0 && seen[1] > 0, "%u questions of crashes, %u of dumps", seen[0], seen[1]);
    return check_result();
}

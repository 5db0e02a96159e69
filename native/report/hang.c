/* A stack that waits for a lock is more telling than one that computes, and that one more
 * than one that waits for a message: a healthy service has many of the last kind.  The
 * rules are those of WaitsFor in package report (wait.go); where one of the two is changed,
 * so is the other.
 *
 * The threads have answered and are grouped, and Go's answer is a text whose groups stand in
 * about that order; so the first ones of either are enough. */
#include "hang.h"
#include "grouptext.h"
#include "names.h"
#include "origin.h"
#include "report_parts.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../unwind/stack.h"
#include "../incident/incident.h"
#include "../threads/threads.h"
#include "../goruntime/goroutines.h"
#include "../goruntime/goside.h"

/* So many stacks of either kind are looked at, if they take no more than half of the stage. */
#define STACKS_MOST 256

enum rank { RANK_LOCK, RANK_C, RANK_SEND, RANK_RECEIVE, RANK_IDLE };

/* So many different things that stacks of one rank wait for are counted: Go has fewer words,
 * and the functions of libc that wait are not more. */
#define WAITS_MOST 32

/* A stack, and what it waits for. */
struct wait {
    enum rank rank;
    uint32_t minutes;
    const struct epi_stack *stack; /* of a thread, or NULL */
    const char *text;              /* of a group of goroutines, or NULL */
    uint32_t count;
};

struct search {
    struct epi_hang *hang;
    struct epi_calls *calls;
    struct epi_incident *incident;
    struct wait best;
    bool found, in_c, cut;
    uint64_t until; /* it looks at no more stacks then */
    uint32_t waits;
    struct {
        uint64_t name; /* a hash of it */
        uint64_t count;
    } all[WAITS_MOST]; /* of the best one's rank */
};

/* Go's words are those of runtime/runtime2.go. */
static EPI_SAFE enum rank rank_of_state(const char *state)
{
    static const struct {
        const char *state;
        enum rank rank;
    } ranks[] = {
        {"sync.Mutex.Lock", RANK_LOCK},
        {"sync.RWMutex.Lock", RANK_LOCK},
        {"sync.RWMutex.RLock", RANK_LOCK},
        {"semacquire", RANK_LOCK},
        {"chan send (nil chan)", RANK_LOCK},
        {"chan receive (nil chan)", RANK_LOCK},
        {"select (no cases)", RANK_LOCK},
        {"syscall", RANK_C},
        {"running", RANK_C},
        {"runnable", RANK_C},
        {"running or runnable", RANK_C},
        {"chan send", RANK_SEND},
        {"IO wait", RANK_IDLE},
        {"sleep", RANK_IDLE},
        {"finalizer wait", RANK_IDLE},
    };
    for (size_t i = 0; i < EPI_COUNT(ranks); i++)
        if (epi_streq(ranks[i].state, state))
            return ranks[i].rank;
    return RANK_RECEIVE;
}

static EPI_SAFE enum rank rank_of_function(const char *name)
{
    static const struct {
        const char *names;
        enum rank rank;
    } ranks[] = {
        {" pthread_mutex_lock pthread_rwlock_rdlock pthread_rwlock_wrlock pthread_spin_lock "
         "sem_wait mtx_lock ",
         RANK_LOCK},
        {" pthread_join ", RANK_SEND},
        {" pthread_cond_wait pthread_cond_timedwait ", RANK_RECEIVE},
        {" poll ppoll select pselect epoll_wait epoll_pwait sigwait accept accept4 pause ",
         RANK_IDLE},
    };
    for (size_t i = 0; i < EPI_COUNT(ranks); i++)
        if (epi_name_listed(ranks[i].names, name, epi_strlen(name)))
            return ranks[i].rank;
    return RANK_C;
}

static EPI_SAFE bool calls_c(const struct epi_calls *calls)
{
    for (uint32_t i = 0; i < calls->count; i++)
        if ((calls->call[i].facts & EPI_CALL_CGO) != 0)
            return true;
    return false;
}

/* Counts WAIT, of the best rank, whatever the time for which it has waited.  How many wait
 * for NAME by now. */
static EPI_SAFE uint64_t count(struct search *search, const struct wait *wait, const char *name)
{
    uint64_t hash = 0;
    uint32_t i = 0;
    for (const char *c = name; *c != '\0'; c++)
        hash = epi_mix(hash, (uint8_t)*c);
    while (i < search->waits && search->all[i].name != hash)
        i++;
    if (i == WAITS_MOST)
        return wait->count;
    if (i == search->waits) {
        search->all[i].name = hash;
        search->all[i].count = 0;
        search->waits++;
    }
    return search->all[i].count += wait->count;
}

/* Takes WAIT, which waits for NAME, if it is more likely than what was found before. */
static EPI_SAFE void offer(struct search *search, const struct wait *wait, const char *name)
{
    struct epi_hang *hang = search->hang;
    const struct wait *best = &search->best;
    if (search->found && wait->rank > best->rank)
        return;
    bool better = !search->found || wait->rank < best->rank;
    if (better)
        search->waits = 0;
    uint64_t all = count(search, wait, name);
    if (!better && wait->minutes <= best->minutes) {
        if (epi_streq(name, hang->waits_for))
            hang->count = all;
        return;
    }
    search->found = true;
    search->best = *wait;
    hang->count = all;
    size_t size = epi_strlen(name);
    size = size < sizeof hang->waits_for ? size : sizeof hang->waits_for - 1;
    epi_copy(hang->waits_for, name, size);
    hang->waits_for[size] = '\0';
}

/* The function of libc that the program's C has called, which is or was called at FIRST. */
static EPI_SAFE const struct epi_call *called_by_c(const struct epi_calls *calls,
                                                   const struct epi_call *first)
{
    for (const struct epi_call *c = first; c > calls->call;) {
        c--;
        bool library = c->from == EPI_OF_LIBRARY;
        if (library && (c->facts & (EPI_CALL_NAMED | EPI_CALL_GO)) == EPI_CALL_NAMED)
            return c;
        if (!library && c->from != EPI_OF_PLUMBING)
            break;
    }
    return NULL;
}

/* A thread that is in C of the program's. */
static EPI_SAFE void look_at_thread(struct search *search, const struct epi_thread *thread)
{
    struct epi_calls *calls = search->calls;
    struct wait wait = {.rank = RANK_C, .stack = &thread->stack, .count = thread->members};
    const char *name = "running";
    epi_calls_of_stack(calls, search->incident, &thread->stack);
    const struct epi_call *first = calls->call, *end = calls->call + calls->count;
    while (first < end && !epi_calls_significant(first))
        first++;
    if (first == end ||
        ((first->facts & EPI_CALL_GO) != 0 && !epi_calls_ends_in_stub(calls, first)))
        return;
    search->in_c = true;
    const struct epi_call *called = called_by_c(calls, first);
    if (called != NULL) {
        epi_call_describe(&calls->scratch, search->incident, calls, called);
        epi_name_make_public(calls->scratch.comparable);
        name = calls->scratch.comparable;
    }
    wait.rank = rank_of_function(name);
    /* Threads of a pool in C wait like that all the time; a goroutine does not call C for it. */
    if (wait.rank > RANK_C && calls_c(calls))
        wait.rank = RANK_C;
    offer(search, &wait, name);
}

/* Half of the stage's time is left for the sentence: what was found is better than none. */
static EPI_SAFE uint64_t half_of_the_stage(const struct epi_incident *incident)
{
    uint64_t now = epi_now(), end = incident->stage_deadline;
    return end > now ? now + (end - now) / 2 : now;
}

/* At one stack more than LOOKED. */
static EPI_SAFE bool may_look(struct search *search, uint32_t looked)
{
    bool may = looked < STACKS_MOST && (!search->found || epi_now() < search->until);
    search->cut |= !may;
    return may;
}

static EPI_SAFE void look_at_threads(struct search *search)
{
    struct epi_threads *threads = epi_report_asked(search->incident);
    uint32_t looked = 0;
    if (threads->error != 0)
        return;
    for (uint32_t i = 0; i < threads->count; i++) {
        struct epi_thread *thread = &threads->thread[i];
        if (!epi_thread_listed(threads, thread) || thread->members == 0 ||
            epi_thread_answer(thread) == EPI_WRITING || thread->stack.count == 0 ||
            epi_threads_leave_out(search->incident, thread))
            continue;
        if (!may_look(search, looked))
            return;
        look_at_thread(search, thread);
        looked++;
    }
}

static EPI_SAFE void look_at_group(struct search *search, const struct epi_group *group)
{
    char state[64]; /* Go's longest has 30 characters */
    size_t size = group->state_size < sizeof state ? group->state_size : sizeof state - 1;
    epi_copy(state, group->state, size);
    state[size] = '\0';
    struct wait wait = {.rank = rank_of_state(state), .minutes = group->minutes,
                        .text = group->text, .count = group->count};
    epi_calls_of_group(search->calls, search->incident, group->text);
    /* The stack of a thread has both its C and its Go. */
    if (epi_calls_any_significant(search->calls) && !(search->in_c && calls_c(search->calls)))
        offer(search, &wait, state);
}

static EPI_SAFE void look_at_goroutines(struct search *search)
{
    struct epi_goroutines *live = epi_goside.live;
    struct epi_group group;
    if (search->incident->goroutines != EPI_GOROUTINES_ANSWERED || live == NULL ||
        live->size == 0 || live->size >= EPI_GOROUTINES_TEXT)
        return;
    live->text[live->size] = '\0';
    const char *at = live->text;
    for (uint32_t i = 0; (at = epi_grouptext_find(&group, at)) != NULL && may_look(search, i); i++)
        look_at_group(search, &group);
}

EPI_SAFE bool epi_hang_find(struct epi_hang *hang, struct epi_calls *calls,
                            struct epi_incident *incident)
{
    struct search search;
    search.hang = hang;
    search.calls = calls;
    search.incident = incident;
    search.found = search.in_c = search.cut = false;
    search.waits = 0;
    search.until = half_of_the_stage(incident);
    if (incident->options->all_threads) {
        look_at_threads(&search);
        look_at_goroutines(&search);
    }
    if (search.cut)
        hang->count = 0;
    calls->count = 0;
    if (search.found && search.best.stack != NULL)
        epi_calls_of_stack(calls, incident, search.best.stack);
    else if (search.found)
        epi_calls_of_group(calls, incident, search.best.text);
    return search.found;
}

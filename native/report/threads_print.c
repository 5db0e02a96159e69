/* The other threads in the report: equal stacks once, with all who have them.
 *
 * Two stacks are equal when all their PCs are, and what became of the thread:
 * a stack that was read from outside says less than an answer.  Threads of
 * Go's scheduler without work are equal as far as stopm, behind which only the
 * way there differs (runtime/proc.go: findRunnable, gcstopm, exitsyscall0).
 * Grouping is by a hash table, linear in the number of threads, in the order of
 * the kernel's list; threads with a fault of their own come first. */
#include "report_parts.h"
#include "idle.h"
#include "../base/base.h"
#include "../unwind/program.h"
#include "../unwind/stack.h"
#include "../text/errors.h"
#include "../text/out.h"
#include "../incident/incident.h"
#include "../threads/threads.h"

#include <errno.h>

/* Names in the header of a group. */
#define NAMES_MAX 64

static EPI_SAFE bool has_stack(const struct epi_thread *thread)
{
    return epi_thread_answer(thread) != EPI_WRITING && thread->stack.count > 0;
}

static EPI_SAFE void hash_stack(struct epi_thread *thread)
{
    const struct epi_stack *stack = &thread->stack;
    uint64_t hash = epi_mix(epi_mix(thread->fate, thread->crashed), (uintptr_t)thread->call);
    uint32_t idle = has_stack(thread) ? epi_idle_frames(stack) : 0;
    uint32_t count = has_stack(thread) ? stack->count : 0;
    thread->idle_go = idle > 0;
    for (uint32_t i = 0; i < (idle > 0 ? idle : count); i++)
        hash = epi_mix(hash, stack->frame[i].pc);
    if (idle == 0)
        hash = epi_mix(epi_mix(epi_mix(hash, count), stack->left_out), stack->total);
    thread->hash = hash;
}

static EPI_SAFE bool equal_stacks(const struct epi_thread *a, const struct epi_thread *b)
{
    if (a->hash != b->hash || a->fate != b->fate || a->crashed != b->crashed ||
        a->call != b->call || a->idle_go != b->idle_go || has_stack(a) != has_stack(b))
        return false;
    if (!has_stack(a))
        return true;
    uint32_t count = a->idle_go ? epi_idle_frames(&a->stack) : a->stack.count;
    if (count != (b->idle_go ? epi_idle_frames(&b->stack) : b->stack.count))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (a->stack.frame[i].pc != b->stack.frame[i].pc ||
            a->stack.frame[i].how != b->stack.frame[i].how)
            return false;
    return a->idle_go || (a->stack.total == b->stack.total && a->stack.stop == b->stack.stop);
}

/* What became of a thread is known already, unless the asker was stopped in the
 * middle. */
static EPI_SAFE void settle(struct epi_threads *threads, struct epi_thread *thread)
{
    if (thread->fate == EPI_FATE_ASKED)
        thread->fate =
            epi_thread_answer(thread) == EPI_DONE ? EPI_FATE_ANSWERED : EPI_FATE_LATE;
    threads->fates[thread->fate]++;
}

static EPI_SAFE void group(struct epi_threads *threads)
{
    if (threads->grouped)
        return;
    epi_zero(threads->fates, sizeof threads->fates);
    epi_zero(threads->bucket, sizeof threads->bucket);
    for (uint32_t i = 0; i < threads->count; i++) /* it may have been stopped in the middle */
        threads->thread[i].members = threads->thread[i].next = threads->thread[i].last =
            threads->thread[i].idle = 0;
    for (uint32_t i = 0; i < threads->count; i++) {
        struct epi_thread *thread = &threads->thread[i], *first;
        if (!epi_thread_listed(threads, thread))
            continue;
        settle(threads, thread);
        hash_stack(thread);
        for (uint32_t at = (uint32_t)(thread->hash >> 40);; at++) {
            uint16_t *bucket = &threads->bucket[at % EPI_COUNT(threads->bucket)];
            first = *bucket == 0 ? thread : &threads->thread[*bucket - 1];
            if (*bucket == 0)
                *bucket = (uint16_t)(i + 1);
            if (first == thread || equal_stacks(first, thread))
                break;
        }
        first->members++;
        if (first != thread)
            threads->thread[first->last - 1].next = i + 1;
        first->last = i + 1;
    }
    threads->grouped = true;
}

/* What THREAD waits for.  The names are looked up once: 1000 stacks of 60 frames take 30 ms. */
static EPI_SAFE enum epi_idle kind_of(struct epi_thread *thread)
{
    if (thread->idle == 0)
        thread->idle = (uint8_t)(epi_idle_kind(thread) + 1);
    return (enum epi_idle)(thread->idle - 1);
}

EPI_SAFE uint64_t epi_threads_digest(struct epi_threads *threads)
{
    uint64_t digest = (uint64_t)threads->error;
    if (threads->error != 0)
        return digest;
    group(threads);
    for (uint32_t i = 0; i < threads->count; i++) {
        struct epi_thread *thread = &threads->thread[i];
        if (epi_thread_listed(threads, thread) && thread->fate != EPI_FATE_SERVICE &&
            thread->fate != EPI_FATE_ENDED && kind_of(thread) != EPI_IDLE_GO)
            digest += epi_mix(thread->hash, (uint64_t)thread->tid); /* in any order */
    }
    return digest;
}

static EPI_SAFE void print_member(struct epi_out *out, const struct epi_thread *thread)
{
    epi_out_name(out, thread->stat.name);
    epi_out_text(out, ", ");
    epi_out_decimal(out, thread->tid);
    if (thread->stat.state == '?')
        return; /* it had ended before anything was known of it */
    epi_out_text(out, ", ");
    epi_out_char(out, thread->stat.state);
    epi_out_text(out, ", ");
    epi_out_decimal(out, (int64_t)(thread->stat.cpu_ticks / 100));
    epi_out_char(out, '.');
    epi_out_padded(out, thread->stat.cpu_ticks % 100, 2);
    epi_out_text(out, " s");
}

static EPI_SAFE void header(struct epi_out *out, const struct epi_threads *threads,
                            const struct epi_thread *thread)
{
    if (thread->members == 1) {
        epi_out_text(out, "Thread ");
        epi_out_address(out, thread->pointer);
    } else {
        epi_out_decimal(out, thread->members);
        epi_out_text(out, " threads");
    }
    epi_out_text(out, " [");
    print_member(out, thread);
    uint32_t n = 1;
    for (uint32_t next = thread->next; next != 0; next = threads->thread[next - 1].next) {
        epi_out_text(out, "; ");
        if (n++ == NAMES_MAX) {
            epi_out_text(out, "...");
            break;
        }
        print_member(out, &threads->thread[next - 1]);
    }
    epi_out_text(out, "] (most recent call first):\n");
}

/* Why a stack is not the thread's own answer; NULL when it is. */
static EPI_SAFE const char *reason(const struct epi_thread *thread)
{
    switch (thread->fate) {
    case EPI_FATE_BLOCKS:
        return "it blocks the signal";
    case EPI_FATE_LATE:
        return "no answer in time";
    case EPI_FATE_UNSENDABLE:
        return "the signal could not be sent";
    case EPI_FATE_ENDED:
        return "it has ended";
    case EPI_FATE_SPARED:
        return "a signal would end its system call";
    case EPI_FATE_UNTOLD:
        return "a signal might end its system call, which the kernel does not tell; with "
               "WithInterrupt it is asked all the same";
    case EPI_FATE_SERVICE:
        return "Epitaph's own";
    default:
        return NULL;
    }
}

static EPI_SAFE void print_thread(struct epi_incident *incident, const struct epi_threads *threads,
                                  struct epi_thread *thread)
{
    struct epi_out *out = &incident->out;
    const char *why = reason(thread);
    bool stack = has_stack(thread);
    header(out, threads, thread);
    if (thread->fate == EPI_FATE_SERVICE) {
        epi_out_text(out, "  <Epitaph's own thread>\n");
    } else if (why != NULL) {
        epi_out_text(out, stack ? "  <stack read from outside" : "  <no stack");
        if (stack && thread->call != NULL) {
            epi_out_text(out, " (in ");
            epi_out_text(out, thread->call);
            epi_out_char(out, ')');
        }
        epi_out_text(out, ": ");
        epi_out_text(out, why);
        epi_out_text(out, ">\n");
    }
    if (stack && thread->idle_go && thread->members > 1) {
        struct epi_stack *common = &thread->stack;
        common->count = epi_idle_frames(common);
        common->run_count = 0;
        common->left_out = 0;
        common->stop = EPI_STOP_OUTERMOST;
        epi_print_stack(incident, common);
        epi_out_text(out, "  ...\n");
    } else if (stack) {
        epi_print_stack(incident, &thread->stack);
    }
    epi_out_char(out, '\n');
}

static EPI_SAFE void count(struct epi_out *out, uint32_t n, const char *what)
{
    if (n == 0)
        return;
    epi_out_text(out, "; ");
    epi_out_decimal(out, n);
    epi_out_char(out, ' ');
    epi_out_text(out, what);
}

static EPI_SAFE void print_counts(struct epi_out *out, const struct epi_threads *threads)
{
    const uint32_t *fates = threads->fates;
    uint32_t all = 0;
    for (unsigned i = 0; i < EPI_FATES; i++)
        all += i == EPI_FATE_SERVICE ? 0 : fates[i];
    epi_out_decimal(out, fates[EPI_FATE_ANSWERED]);
    epi_out_text(out, " of ");
    epi_out_decimal(out, all + threads->more);
    epi_out_text(out, " threads answered");
    count(out, fates[EPI_FATE_BLOCKS], "block the signal");
    count(out, fates[EPI_FATE_LATE], "were late");
    count(out, fates[EPI_FATE_UNSENDABLE], "unsendable");
    count(out, fates[EPI_FATE_ENDED], "had ended");
    count(out, fates[EPI_FATE_SPARED] + fates[EPI_FATE_UNTOLD], "not interrupted");
    count(out, threads->more, "not asked");
    epi_out_text(out, "\n\n");
}

EPI_SAFE bool epi_threads_leave_out(const struct epi_incident *incident,
                                    struct epi_thread *thread)
{
    return !incident->options->idle_threads && kind_of(thread) != EPI_IDLE_NOT;
}

/* How many of KIND there are. */
static EPI_SAFE uint32_t count_idle(struct epi_threads *threads, enum epi_idle kind)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < threads->count; i++)
        if (epi_thread_listed(threads, &threads->thread[i]) && threads->thread[i].members > 0 &&
            kind_of(&threads->thread[i]) == kind)
            n += threads->thread[i].members;
    return n;
}

/* The numbers of Go's idle threads; of so many all. */
static EPI_SAFE void list_idle(struct epi_out *out, struct epi_threads *threads)
{
    uint32_t shown = 0;
    for (uint32_t i = 0; i < threads->count; i++) {
        struct epi_thread *thread = &threads->thread[i];
        if (!epi_thread_listed(threads, thread) || thread->members == 0 ||
            kind_of(thread) != EPI_IDLE_GO)
            continue;
        for (uint32_t at = i + 1; at != 0; at = threads->thread[at - 1].next) {
            epi_out_text(out, shown == 0 ? "" : "; ");
            if (shown++ == NAMES_MAX) {
                epi_out_text(out, "...");
                return;
            }
            epi_out_decimal(out, threads->thread[at - 1].tid);
        }
    }
}

static EPI_SAFE void print_idle(struct epi_incident *incident, struct epi_threads *threads)
{
    struct epi_out *out = &incident->out;
    uint32_t go = count_idle(threads, EPI_IDLE_GO), own = count_idle(threads, EPI_IDLE_OWN);
    uint32_t first = go > 0 ? go : own;
    if (incident->options->idle_threads || first == 0)
        return;
    epi_out_decimal(out, first);
    epi_out_text(out, first == 1 ? " idle thread of " : " idle threads of ");
    if (go > 0) {
        epi_out_text(out, "Go's runtime [");
        list_idle(out, threads);
        epi_out_char(out, ']');
        if (own > 0) {
            epi_out_text(out, ", ");
            epi_out_decimal(out, own);
            epi_out_text(out, " of ");
        }
    }
    epi_out_text(out, own > 0 ? "Epitaph's\n\n" : "\n\n");
}

EPI_SAFE void epi_threads_print(struct epi_incident *incident, struct epi_threads *threads,
                                uint32_t max)
{
    struct epi_out *out = &incident->out;
    uint32_t shown = 0, more = threads->more;
    if (threads->error != 0) {
        epi_out_text(out, "Note: the other threads are not known: ");
        if (threads->error == ETIME) {
            epi_out_text(out, "no time was left to ask them\n\n");
            return;
        }
        epi_out_text(out, "/proc/self/task: ");
        epi_error_put(out, threads->error);
        epi_out_text(out, "\n\n");
        return;
    }
    group(threads);
    for (int crashed = 1; crashed >= 0; crashed--) {
        for (uint32_t i = 0; i < threads->count; i++) {
            struct epi_thread *thread = &threads->thread[i];
            if (!epi_thread_listed(threads, thread) || thread->members == 0 ||
                thread->crashed != crashed || epi_threads_leave_out(incident, thread))
                continue;
            if (epi_incident_stops(incident))
                return;
            if (max != 0 && shown == max) {
                more += thread->fate == EPI_FATE_SERVICE ? 0 : thread->members;
                continue;
            }
            shown++;
            print_thread(incident, threads, thread);
        }
    }
    if (more > 0) {
        epi_out_text(out, "... (");
        epi_out_decimal(out, more);
        epi_out_text(out, more == 1 ? " more thread)\n\n" : " more threads)\n\n");
    }
    print_idle(incident, threads);
    print_counts(out, threads);
}

/* A dump goes on for a moment when there is a crash: each has its table. */
static EPI_SAFE enum epi_question question_of(const struct epi_incident *incident)
{
    return incident->style.healthy ? EPI_ASK_DUMP : EPI_ASK_CRASH;
}

EPI_SAFE struct epi_threads *epi_report_asked(const struct epi_incident *incident)
{
    return epi_threading.threads[question_of(incident)];
}

EPI_SAFE void epi_report_ask(struct epi_incident *incident)
{
    struct epi_ask_options options = {question_of(incident), incident->subject.tid,
                                      incident->style.spare, incident->options->max_frames,
                                      incident->stage_deadline};
    if (incident->options->all_threads)
        epi_threads_ask(epi_report_asked(incident), &options);
}

EPI_SAFE void epi_report_threads(struct epi_incident *incident)
{
    if (incident->options->all_threads)
        epi_threads_print(incident, epi_report_asked(incident), incident->options->max_threads);
}

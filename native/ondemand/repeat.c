/* What is compared is what a reader would call a change: who is where.  Not so
 * which of Go's threads look for work, nor for how many minutes a goroutine has
 * been waiting.  Where Go did not answer, that is all there is to compare: how
 * old its last snapshot is changes every time. */
#include "repeat.h"
#include "dump.h"
#include "../base/base.h"
#include "../text/out.h"
#include "../incident/incident.h"
#include "../threads/threads.h"
#include "../goruntime/goside.h"
#include "../goruntime/goroutines.h"
#include "../report/report_parts.h"

#define LEFT_OUT_MOST ((uint32_t)1 << 20)

/* The text but for two things in its header lines, the only ones that do not begin
 * with a space: what stands behind a comma in brackets, and how many goroutines of
 * Epitaph's there are, which stands behind a semicolon. */
static EPI_SAFE uint64_t hash_goroutines(uint64_t hash, const char *text, uint64_t size)
{
    bool header = true, brackets = false, list = false, rest = false;
    for (uint64_t i = 0; i < size; i++) {
        char c = text[i];
        if (i > 0 && text[i - 1] == '\n') {
            header = c != ' ';
            brackets = rest = false;
        }
        if (c == '[' || c == ']')
            brackets = header && c == '[';
        list = brackets && (list || c == ',');
        rest = rest || (header && c == ';');
        if (!list && !rest)
            hash = epi_mix(hash, (unsigned char)c);
    }
    return hash;
}

EPI_SAFE void epi_repeat_digest(struct epi_incident *dump)
{
    struct epi_repeat *repeat = dump->dump->repeat;
    const struct epi_goroutines *live = epi_goside.live;
    if (repeat == NULL)
        return;
    uint64_t hash = epi_mix(epi_threads_digest(epi_threading.threads[EPI_ASK_DUMP]), (uint64_t)dump->goroutines);
    if (dump->goroutines == EPI_GOROUTINES_ANSWERED && live->size <= EPI_GOROUTINES_TEXT)
        hash = hash_goroutines(hash, live->text, live->size);
    repeat->now = hash | 1;
}

EPI_SAFE bool epi_repeat_leave_out(struct epi_repeat *repeat)
{
    bool same = repeat->now != 0 && repeat->now == repeat->shown;
    if (!same) {
        repeat->most = 1;
        return false;
    }
    if (repeat->left_out >= repeat->most) {
        if (repeat->most < LEFT_OUT_MOST)
            repeat->most = 2 * repeat->most + 1;
        return false;
    }
    repeat->left_out++;
    return true;
}

EPI_SAFE void epi_repeat_written(struct epi_repeat *repeat)
{
    if (!repeat->began)
        repeat->most = 1;
    repeat->began = true;
    repeat->shown = repeat->now;
    repeat->left_out = 0;
}

EPI_SAFE void epi_repeat_restart(struct epi_repeat *repeat)
{
    repeat->began = false;
}

EPI_SAFE void epi_repeat_note(struct epi_incident *dump)
{
    const struct epi_repeat *repeat = dump->dump->repeat;
    struct epi_out *out = &dump->out;
    if (repeat == NULL || repeat->left_out == 0)
        return;
    epi_out_text(out, "Note: ");
    epi_out_decimal(out, repeat->left_out);
    epi_out_text(out, repeat->left_out == 1 ? " dump was" : " dumps were");
    epi_out_text(out, " left out, in which nothing had changed\n");
}

/* Reads the labels of a goroutine.  g points to a runtime/pprof.labelMap, which is a slice of
 * pairs of strings, in Go 1.26 and 1.27.  All of it is Go's heap, which may be damaged: what
 * cannot be read is left out, and no length is believed. */
#include "labels.h"
#include "report_parts.h"
#include "../base/base.h"
#include "../memory/peek.h"
#include "../unwind/gostack.h"
#include "../unwind/golayout.h"
#include "../unwind/program.h"
#include "../text/out.h"
#include "../incident/incident.h"

#define LABELS_MOST 64
#define KEY_MOST    64
#define VALUE_MOST  424

static uintptr_t labels_at, m_at, current_at;

void epi_labels_learn(uintptr_t labels, uintptr_t m, uintptr_t current)
{
    if (labels_at != 0)
        return;
    m_at = m;
    current_at = current;
    labels_at = labels;
}

/* The goroutine that has crashed, or for which C has; 0: none.  A fatal error of Go
 * ends the process on the thread's scheduling stack (runtime.fatalthrow): then it is the one
 * that runs on the thread. */
static EPI_SAFE uintptr_t goroutine(const struct epi_incident *incident)
{
    uintptr_t g = epi_go_g(epi_program.go);
    uintptr_t waiting = epi_gostack_goroutine(epi_program.go, g);
    uint64_t m, current;
    if (waiting != 0)
        return waiting;
    if (epi_goroutine_id(g) != 0)
        return g;
    return incident->go_death && g != 0 && epi_peek64(&m, g + m_at) && m != 0 &&
                   epi_peek64(&current, m + current_at)
               ? current
               : 0;
}

/* The Go string whose header is at AT.  False when it cannot be read. */
static EPI_SAFE bool put_string(struct epi_out *out, uintptr_t at, size_t most)
{
    char text[VALUE_MOST + 1];
    uint64_t start, length;
    if (!epi_peek64(&start, at) || !epi_peek64(&length, at + 8))
        return false;
    size_t n = length < most ? (size_t)length : most;
    if (!epi_peek(text, start, n))
        return false;
    text[n] = '\0';
    epi_out_escaped(out, text);
    if (length > most)
        epi_out_text(out, "...");
    return true;
}

EPI_SAFE void epi_report_labels(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    uint64_t set, first, count;
    uintptr_t g = labels_at == 0 ? 0 : goroutine(incident);
    if (g == 0 || !epi_peek64(&set, g + labels_at) || set == 0 || !epi_peek64(&first, set) ||
        !epi_peek64(&count, set + 8) || first == 0 || count == 0)
        return;
    incident->noted = true;
    epi_out_text(out, "Labels:\n");
    for (uint64_t i = 0; i < count && i < LABELS_MOST; i++) {
        epi_out_text(out, "  ");
        if (!put_string(out, first + i * 32, KEY_MOST))
            epi_out_text(out, "<unreadable>");
        epi_out_text(out, " = ");
        if (!put_string(out, first + i * 32 + 16, VALUE_MOST))
            epi_out_text(out, "<unreadable>");
        epi_out_char(out, '\n');
        if (!epi_peek64(&set, first + i * 32))
            return; /* nor will the rest be */
    }
    if (count > LABELS_MOST)
        epi_out_text(out, "  ... = there are more\n");
}

/* A report waits a moment for an index that is being built, and no longer. */
#include "check.h"
#include "harness.h"
#include "clock.h"
#include "incident.h"
#include "program.h"
#include "report_parts.h"

#include <pthread.h>

#define WAIT   (20 * EPI_MS)
#define BUDGET (100 * EPI_MS) /* of the stage */
#define ROUNDS 5

static struct epi_incident incident;
static struct epi_symbol_index lines;

/* The shortest time of the stage in some rounds, each of which has LEFT until its end: what
 * others do on the machine makes it longer, never shorter. */
static uint64_t shortest(uint64_t left)
{
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t began = epi_now();
        incident.stage_deadline = began + left;
        epi_report_await_symbols(&incident);
        uint64_t took = epi_now() - began;
        least = took < least ? took : least;
    }
    return least;
}

int main(void)
{
    harness_start(NULL);
    epi_program.modules = harness_modules;
    incident.stack.count = 1;
    incident.stack.frame[0].pc = (uintptr_t)shortest;
    struct epi_module *module =
        (struct epi_module *)(uintptr_t)epi_modules_find(harness_modules, (uintptr_t)shortest);
    CHECK(module != NULL && module->index == NULL, "the module of this test");

    epi_incidents.symbols_pending = true; /* and stays so */
    uint64_t took = shortest(BUDGET);
    CHECK(took >= WAIT && took < 2 * WAIT, "it waited for %lu us", took / 1000);
    took = shortest(WAIT);
    CHECK(took >= WAIT / 2 && took < WAIT, "half of its time is for the printing: %lu us", took / 1000);
    took = shortest(0);
    CHECK(took < WAIT / 2, "no time is left: %lu us", took / 1000);

    lines.names_only = true;
    module->index = &lines;
    took = shortest(BUDGET);
    CHECK(took >= WAIT, "names are no lines: %lu us", took / 1000);
    lines.names_only = false;
    took = shortest(BUDGET);
    CHECK(took < WAIT / 2, "all is there: %lu us", took / 1000);

    module->index = NULL;
    incident.forked = true;
    took = shortest(BUDGET);
    CHECK(took < WAIT / 2, "a child of fork, which no indexer works in: %lu us", took / 1000);
    incident.forked = false;
    epi_incidents.symbols_pending = false;
    took = shortest(BUDGET);
    CHECK(took < WAIT / 2, "none is being built: %lu us", took / 1000);
    return check_result();
}

/* The healthy side of the incidents' state: the two slots of the configuration, the
 * reporter's stacks, the spare descriptors. */
#include "reserve.h"
#include "../base/base.h"
#include "../base/fd.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void epi_incidents_use(const struct epi_options *options)
{
    if (options != NULL)
        epi_incidents.pid = getpid();
    epi_incidents.options = options;
}

struct epi_options *epi_incidents_free_slot(void)
{
    struct epi_options *slot = epi_incidents.option_slot;
    return &slot[epi_incidents.options == &slot[0]];
}

struct epi_options *epi_incidents_slot_of(const struct epi_options *options)
{
    struct epi_options *slot = epi_incidents.option_slot;
    return &slot[options != &slot[0]];
}

void epi_incidents_set_stacks(struct epi_range report, struct epi_range nested)
{
    epi_incidents.report_stack = report;
    epi_incidents.nested_stack = nested;
}

void epi_incidents_reserve(void)
{
    for (size_t i = 0; i < EPI_COUNT(epi_incidents.spare); i++)
        if (!epi_fd_valid(&epi_incidents.spare[i]))
            epi_incidents.spare[i] = epi_fd_of(epi_fd_open_high("/", O_PATH));
}

/* The old text stays: a crash may be printing it, and it changes with the program's
 * options at most. */
void epi_symbols_note(const char *text)
{
    const char *now = epi_incidents.symbols_note;
    if (strcmp(now == NULL ? "" : now, text) != 0)
        epi_incidents.symbols_note = strdup(text);
}

void epi_symbols_pending(bool pending)
{
    epi_incidents.symbols_pending = pending;
}

#ifdef EPI_TEST
void epi_test_trouble(const char *name, enum epi_trouble trouble)
{
    strncpy(epi_incidents.trouble_stage, name, sizeof epi_incidents.trouble_stage - 1);
    epi_incidents.trouble = trouble;
}
#endif

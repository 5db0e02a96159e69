/* Starts the dumper thread and wakes it; what it runs is in dumper_loop.c. */
#include "dumper.h"
#include "ondemand.h"
#include "../base/base.h"
#include "../base/system.h"
#include "../threads/service.h"

#include <stdatomic.h>

int epi_dumper_start(void)
{
    /* In a forked child, too: a dump needs a thread that watches its stages. */
    int error = epi_service_start(EPI_SERVICE_HELPER);
    return error != 0 ? error : epi_service_start(EPI_SERVICE_DUMPER);
}

EPI_SAFE void epi_dumper_wake(void)
{
    atomic_fetch_add(&epi_ondemand.dumper.word, 1);
    epi_futex_wake_all(&epi_ondemand.dumper.word);
}

EPI_SAFE void epi_dumper_wake_for(uint64_t due)
{
    if (due < epi_ondemand.dumper.until)
        epi_dumper_wake();
}

/* The line that says which machine and which container.  It does not change while the
 * process runs, so it is made while the process is healthy. */
#include "hostline.h"
#include "report_parts.h"
#include "../base/base.h"
#include "../text/out.h"
#include "../incident/incident.h"

#include <stdatomic.h>
#include <stdio.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

struct epi_host epi_host;

void epi_host_set(const char *name, const char *facts, const char *group)
{
    struct epi_host *host = &epi_host;
    if (host->known)
        return;
    snprintf(host->name, sizeof host->name, "%s", name);
    snprintf(host->facts, sizeof host->facts, "%s", facts);
    /* A path that was cut would be another directory's. */
    if (snprintf(host->group, sizeof host->group, "%s", group) >= (int)sizeof host->group)
        host->group[0] = '\0';
    host->known = true;
}

EPI_SAFE const char *epi_host_name(void)
{
    return epi_host.known ? epi_host.name : "";
}

const char *epi_host_libc(void)
{
#ifdef __GLIBC__
    static char text[32];
    snprintf(text, sizeof text, "glibc %s", gnu_get_libc_version());
    return text;
#else
    return "musl";
#endif
}

EPI_SAFE void epi_report_host_line(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    if (!epi_host.known)
        return;
    epi_out_text(out, "Host: \"");
    epi_out_escaped(out, epi_host.name);
    epi_out_text(out, "\", ");
    epi_out_escaped(out, epi_host.facts);
    epi_out_char(out, '\n');
}

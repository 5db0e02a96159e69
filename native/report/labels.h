/* The profiler's labels of the goroutine that crashed (runtime/pprof.Do): programs have the
 * request there already. */
#ifndef EPI_LABELS_H
#define EPI_LABELS_H

#include "../base/base.h"
#include "../incident/incident.h"

/* Where Go's runtime has them (package gort/labels), as offsets: in runtime.g the labels and
 * the thread, in runtime.m the goroutine that runs on it.  Labels 0: not known.  The first call
 * that knows them counts.  For a healthy process, calls one at a time. */
void epi_labels_learn(uintptr_t labels, uintptr_t m, uintptr_t current);

/* The stage that prints them. */
EPI_SAFE void epi_report_labels(struct epi_incident *incident);

#endif

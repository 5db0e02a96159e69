/* The code between a fault and the first line of its report.
 *
 * It has not run since the program began, so that each of its cache lines is waited for, one
 * after the other: a third of the time to the first line.  The functions of each of the two
 * parts stand together, in a section of their own, and the whole of it is asked for at once
 * (crash/handler.c). */
#ifndef EPI_FETCH_H
#define EPI_FETCH_H

/* Marks a function that each fault goes through, also one that is none of ours: these come by
 * the million in some programs. */
#define EPI_ON_FAULT __attribute__((section("epi_on_fault")))

/* Marks a function that runs after a crash is owned and before its first line is written. */
#define EPI_ON_CRASH __attribute__((section("epi_on_crash")))

#endif

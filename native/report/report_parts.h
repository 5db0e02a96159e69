/* The stages of a report; report.c puts them in order.  Each writes to
 * CRASH->out and may fault: it runs under a guard.  They are in addresses.c, cause.c,
 * cause_line.c, codenames.c, frames.c, hostline.c, machine.c, memoryline.c, message.c, process.c, recorded.c,
 * sentence.c and threads_print.c. */
#ifndef EPI_REPORT_PARTS_H
#define EPI_REPORT_PARTS_H

#include "../base/base.h"
#include "../base/fd.h"
#include "../unwind/stack.h"
#include "../incident/incident.h"
#include "../threads/threads.h"

EPI_SAFE void epi_report_cause(struct epi_incident *incident);     /* cause.c: makes a line */
EPI_SAFE void epi_report_signal(struct epi_incident *incident);    /* cause_line.c: writes it */
EPI_SAFE void epi_report_sentence(struct epi_incident *incident);  /* sentence.c */
EPI_SAFE void epi_report_message(struct epi_incident *incident);   /* message.c */
EPI_SAFE void epi_report_process(struct epi_incident *incident);   /* process.c */
EPI_SAFE void epi_report_host_line(struct epi_incident *incident); /* hostline.c */
EPI_SAFE void epi_report_memory(struct epi_incident *incident);    /* memoryline.c */
EPI_SAFE void epi_report_build(struct epi_incident *incident);     /* process.c: and notes */
EPI_SAFE void epi_report_forked(struct epi_incident *incident);    /* process.c: a line of it */
EPI_SAFE void epi_report_unwind(struct epi_incident *incident);    /* frames.c */
EPI_SAFE void epi_report_await_symbols(struct epi_incident *incident); /* frames.c */
EPI_SAFE void epi_report_stack(struct epi_incident *incident);     /* frames.c */
EPI_SAFE void epi_report_code_names(struct epi_incident *incident);        /* codenames.c */
EPI_SAFE void epi_report_thread_code_names(struct epi_incident *incident); /* codenames.c */
EPI_SAFE void epi_report_ask(struct epi_incident *incident);       /* threads_print.c */
EPI_SAFE void epi_report_threads(struct epi_incident *incident);   /* threads_print.c */
EPI_SAFE void epi_report_host(struct epi_incident *incident);
EPI_SAFE void epi_report_parked(struct epi_incident *incident);    /* process.c */
EPI_SAFE void epi_report_registers(struct epi_incident *incident); /* machine.c */
EPI_SAFE void epi_report_code(struct epi_incident *incident);      /* machine.c */
EPI_SAFE void epi_report_words(struct epi_incident *incident);     /* machine.c */
EPI_SAFE void epi_report_addresses(struct epi_incident *incident); /* addresses.c */
EPI_SAFE void epi_report_modules(struct epi_incident *incident);   /* machine.c */
EPI_SAFE void epi_report_box(struct epi_incident *incident);         /* box.c */
EPI_SAFE void epi_report_annotations(struct epi_incident *incident); /* notes.c */
EPI_SAFE void epi_report_breadcrumbs(struct epi_incident *incident); /* notes.c: the newest */
EPI_SAFE void epi_report_mapped_annotations(struct epi_incident *incident); /* recorded.c */
EPI_SAFE void epi_report_mapped_breadcrumbs(struct epi_incident *incident);
EPI_SAFE void epi_report_earlier_breadcrumbs(struct epi_incident *incident); /* notes.c */

/* Marks the box as that of a crash, and lets CRASH->out write to it too, what it
 * has written already included.  Not in a forked child. */
EPI_SAFE void epi_box_begin(struct epi_incident *incident);

/* The report is all there. */
EPI_SAFE void epi_box_end(struct epi_incident *incident);

/* A number that stands for what all threads but Go's idle ones do: it changes when
 * that does (threads_print.c). */
EPI_SAFE uint64_t epi_threads_digest(struct epi_threads *threads);

/* The threads that INCIDENT asks, and their answers (threads_print.c). */
EPI_SAFE struct epi_threads *epi_report_asked(const struct epi_incident *incident);

/* Groups equal stacks and prints all (threads_print.c).  MAX limits the stacks
 * shown; 0: no limit. */
EPI_SAFE void epi_threads_print(struct epi_incident *incident, struct epi_threads *threads,
                                uint32_t max);

/* Does the stack of THREAD, one of a group, say nothing?  Then it is counted only. */
EPI_SAFE bool epi_threads_leave_out(const struct epi_incident *incident,
                                    struct epi_thread *thread);

/* How many words of the stack a report has, from SP on. */
#define EPI_STACK_WORDS 32

/* The line of a frame as a place in a file: its function and an offset (frames.c). */
EPI_SAFE void epi_print_place(struct epi_incident *incident, const struct epi_frame *frame);

/* The lines of a stack, without a header (frames.c). */
EPI_SAFE void epi_print_stack(struct epi_incident *incident, const struct epi_stack *stack);

#endif

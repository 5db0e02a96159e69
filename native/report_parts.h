/* The stages of a report; report.c puts them in order.  Each writes to
 * CRASH->out and may fault: it runs under a guard. */
#ifndef EPI_REPORT_PARTS_H
#define EPI_REPORT_PARTS_H

#include "state.h"

EPI_SAFE void epi_report_cause(struct epi_crash *crash);     /* cause.c */
EPI_SAFE void epi_report_message(struct epi_crash *crash);   /* message.c */
EPI_SAFE void epi_report_gotext(struct epi_crash *crash);    /* gotext.c */
EPI_SAFE void epi_report_panic(struct epi_crash *crash);     /* panicnote.c */
EPI_SAFE void epi_report_panic_in_copy(struct epi_crash *crash); /* panicnote.c */
EPI_SAFE void epi_report_process(struct epi_crash *crash);   /* process.c */
EPI_SAFE void epi_report_unwind(struct epi_crash *crash);    /* frames.c */
EPI_SAFE void epi_report_stack(struct epi_crash *crash);     /* frames.c */
EPI_SAFE void epi_report_ask(struct epi_crash *crash);       /* threads_print.c */
EPI_SAFE void epi_report_threads(struct epi_crash *crash);   /* threads_print.c */
EPI_SAFE void epi_report_parked(struct epi_crash *crash);    /* process.c */
EPI_SAFE void epi_report_goroutines(struct epi_crash *crash); /* live.c */
EPI_SAFE void epi_report_registers(struct epi_crash *crash); /* machine.c */
EPI_SAFE void epi_report_code(struct epi_crash *crash);      /* machine.c */
EPI_SAFE void epi_report_words(struct epi_crash *crash);     /* machine.c */
EPI_SAFE void epi_report_modules(struct epi_crash *crash);   /* machine.c */
EPI_SAFE void epi_report_box(struct epi_crash *crash);         /* box.c */
EPI_SAFE void epi_report_annotations(struct epi_crash *crash); /* notes.c */
EPI_SAFE void epi_report_breadcrumbs(struct epi_crash *crash); /* notes.c */

/* The two halves of epi_report_goroutines: to have them, and to show them. */
EPI_SAFE void epi_live_take(struct epi_crash *crash);
EPI_SAFE void epi_live_print(struct epi_crash *crash);

/* Where a report goes without a directory, and when no file can be made; its fd is
 * -1 when there is no such place any more (report.c). */
EPI_SAFE struct epi_fd epi_report_terminal(const struct epi_options *options);

/* SUBJECT becomes the calling thread (frames.c). */
EPI_SAFE void epi_subject_is_self(struct epi_subject *subject);

/* The goroutines as the ring knows them, when Go does not answer for the REASON
 * given; false when the ring is empty. */
EPI_SAFE bool epi_report_snapshot(struct epi_crash *crash, const char *reason);

/* The program's last act (oncrash.c): is there one; keeps the text that goes to OUT for
 * it; and, after a crash of C's, runs it, until END. */
EPI_SAFE bool epi_oncrash_wanted(void);
EPI_SAFE void epi_oncrash_keep(const struct epi_crash *crash, struct epi_out *out);
EPI_SAFE void epi_oncrash_run(struct epi_crash *crash, uint64_t end);

/* The parts of the latter: is there what it needs; and it gets it, for a goroutine to
 * begin.  True if Go ignored SIGPIPE before. */
EPI_SAFE bool epi_oncrash_ready(const struct epi_crash *crash, uint64_t end);
EPI_SAFE bool epi_oncrash_prepare(const struct epi_crash *crash, uint64_t end,
                                  enum epi_ending ending);

/* The note of the panic that GOROUTINE died of, or NULL (panicnote.c). */
EPI_SAFE const struct epi_panic_note *epi_panic_find(uint64_t goroutine);

/* The id of the goroutine G; that of a thread's scheduler is 0 (live.c). */
EPI_SAFE uint64_t epi_goroutine_id(uintptr_t g);

/* Is OUTPUT the same file as standard error (godies.c)? */
EPI_SAFE bool epi_report_is_stderr(const struct epi_fd *output);

/* The lines of a stack, without a header (frames.c). */
EPI_SAFE void epi_print_stack(struct epi_crash *crash, const struct epi_stack *stack);

#endif

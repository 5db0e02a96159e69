#ifndef EXIT_H
#define EXIT_H

/* Has something to do at exit, and text in the buffer of standard output. */
void exit_leave_traces(void);

#endif

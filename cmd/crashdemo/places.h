// The C functions between Go and the crash, for each place.
//
// Every one is global, is not inlined and does something after its call, so that it is on the stack, by name, with any
// optimization. demo_caller is the last of them everywhere.
#ifndef CRASHDEMO_PLACES_H
#define CRASHDEMO_PLACES_H

typedef void (*demo_function)(void);

// From now on demo_caller blocks every signal but this one on the thread that is about to crash. 0: none.
void demo_mask_all_but(int signal);

void demo_caller(demo_function crash);

// Places main and goroutine: demo_enter calls demo_caller.
void demo_enter(demo_function crash);

// Place cgo: demo_outer, demo_middle, demo_caller.
void demo_outer(demo_function crash);
void demo_middle(demo_function crash);

// Place callback: demo_visit and demo_visit_one call the Go function goVisit, which calls demo_enter.
void demo_visit(demo_function crash);
void demo_visit_one(demo_function crash);

// Place thread: demo_on_thread starts a thread and waits for it; demo_thread_main calls demo_thread_work, which calls
// demo_caller. Returns 0, or the error number of pthread_create.
int demo_on_thread(demo_function crash);
void demo_thread_work(demo_function crash);
void *demo_thread_main(void *arg);

#endif

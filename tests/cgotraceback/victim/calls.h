#ifndef CALLS_H
#define CALLS_H

void work(unsigned rounds);
void sorting(int n);
void call_go(int what);
void call_go_in_thread(int what);
void work_in_thread(unsigned rounds);
void spin_without_stack(unsigned long rounds);
void crash_null(void);
void visit(int times);
void visit_in_thread(int times);
void walk(int times);
extern long walk_ns, walk_frames;
void storm(int milliseconds, long *thrown, long *loads);

#endif

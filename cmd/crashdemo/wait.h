#ifndef CRASHDEMO_WAIT_H
#define CRASHDEMO_WAIT_H

// Waits for an answer that never comes, for that many milliseconds.
void demo_wait_for_answer(int ms);

#endif

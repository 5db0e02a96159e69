#ifndef STUCK_H
#define STUCK_H

/* Each never returns. */
void stuck_wait_for_ever(void);
void stuck_take_first_then_second(void);
void stuck_take_second_then_first(void);

#endif

#ifndef THROWS_H
#define THROWS_H

#ifdef __cplusplus
extern "C" {
#endif

/* The end of the process, by name; returns when there is no such name. */
void throws(const char *name);

/* std::set_terminate with a handler that prints OWN and ends in abort, or, with
 * chain, in the handler that was there before. */
void own_handler(int chain);

/* std::set_terminate(abort), which prints nothing. */
void quiet_handler(void);

/* Is the handler of std::terminate the one of own_handler? */
int is_own_handler(void);

/* Several threads that do not catch what they throw. */
void many(void);

#ifdef __cplusplus
}
#endif

#endif

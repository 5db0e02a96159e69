// The kinds of crash, and the places to crash in.
#ifndef VICTIM_CRASH_H
#define VICTIM_CRASH_H

#include <stddef.h>
#include <stdint.h>

typedef void (*victim_function)(void);

#define NOINLINE __attribute__((noinline, used))

// Keeps a frame on the stack that the compiler would replace by a jump.
#define KEEP_FRAME() __asm__ volatile("" ::: "memory")

// The function crash_KIND, or NULL.
victim_function victim_kind(const char *kind);

// The function cause_KIND, or NULL.
victim_function victim_cause(const char *kind);
victim_function victim_cause_of_machine(const char *kind);

// Writes to each page of SIZE bytes of a file, mapped; -1 if it cannot be mapped.
int victim_fill(int fd, size_t size);

void victim_call(victim_function crash);
void victim_call_back(victim_function crash);
void victim_call_back_without(void); // which only calls Go
int victim_on_thread(victim_function crash);
void victim_write(int *to);

#endif

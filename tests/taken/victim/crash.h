#ifndef CRASH_H
#define CRASH_H

#include "library.h"

// Where the functions of library.h are that are called.
struct library {
    void (*begin)(void);
    int (*set)(const char *how, const char *what, int number);
    void (*show)(int number);
};
extern struct library library;

int load_library(const char *path);
void library_do_begin(void);
int library_do_set(const char *how, const char *what, int number);
void library_do_show(int number);

void crash(const char *kind);
int child_ends(const char *way);
void child_shows(int number, const char *then);
void interrupt_read(int number);

// Traps a hundred times by the signal, and adds up what the library's handler gives.
long traps(int number);
void crash_on_thread(const char *kind);

#endif

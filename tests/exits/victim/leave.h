#ifndef LEAVE_H
#define LEAVE_H

void start_crash(int after_ms);
int about_to_crash(void);
void leave(const char *how, int status);
void leave_on_thread(const char *how, int status);
void bring_about_on_thread(const char *what);
const char *load(const char *path);

// A host that makes the memory accessible that it has protected, after a while; 1: and
// exits instead, with status 7.
void start_host(int exits, int after_ms);
int touch_protected(void);

#endif

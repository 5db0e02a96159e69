// What a program calls back when its host is to crash.
#ifndef HOST_CRASH_H
#define HOST_CRASH_H

// host_crash_now crashes in the way that is named: null, wild, abort, fpe, ill, overflow.
void host_crash_now(const char *kind);

#endif

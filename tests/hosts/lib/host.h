// What a library of this folder defines.
#ifndef HOST_H
#define HOST_H

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*host_crash_fn)(const char *kind);

// host_start starts the host. It returns what went wrong, or NULL. The library's own path tells it
// where to find what was built beside it.
const char *host_start(const char *path);

// host_work has the host do something whose result is the same each time.
long host_work(void);

// host_crash has the host call crash(kind): on this thread ("main") or on one that the host made
// ("thread").
void host_crash(const char *place, host_crash_fn crash, const char *kind);

#ifdef __cplusplus
}
#endif

#endif

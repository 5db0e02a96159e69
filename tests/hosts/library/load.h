// Loads a host and calls it.
#include "../lib/host.h"

// library_start loads the library at a path, and starts it. It returns what went wrong, or NULL.
const char *library_start(const char *path);
long library_work(void);
void library_crash(const char *place, host_crash_fn crash, const char *kind);

// A decoder with a bug for each kind of frame.
#include <stddef.h>

int decode_frame(const unsigned char *frame, size_t size);
void start_worker(void);
static inline int first_plane(const unsigned char *frame) { return frame[0]; }

#ifndef WORDS_H
#define WORDS_H

// Says something, as KIND tells, and gives up; or has LIBRARY do so.
void words(const char *kind, const char *library);

#endif

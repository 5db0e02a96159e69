/* Half a character at the end of a text that was cut would be read as another one, or as
 * none. */
#include "cut.h"
#include "../base/base.h"

EPI_SAFE size_t epi_cut_utf8(const char *text, size_t size)
{
    size_t back = 0;
    while (back < 3 && back < size && ((unsigned char)text[size - 1 - back] & 0xc0) == 0x80)
        back++;
    if (back == size)
        return size;
    unsigned char first = (unsigned char)text[size - 1 - back];
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;
    return length > back + 1 ? size - 1 - back : size;
}

EPI_SAFE size_t epi_cut_escaped(const char *text, size_t size)
{
    enum { LONGEST = 10 };
    for (size_t back = 1; back < LONGEST && back <= size; back++) {
        const char *c = text + size - back;
        if (c[0] != '\\')
            continue;
        size_t length = back < 2 ? 2 : c[1] == 'x' ? 4 : c[1] == 'u' ? 6 : c[1] == 'U' ? LONGEST : 0;
        return length > back ? size - back : size;
    }
    return size;
}

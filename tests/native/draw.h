/* Numbers that look random and are the same in each run (xorshift64). */
#ifndef DRAW_H
#define DRAW_H

#include <stdint.h>

static uint64_t draw_state = UINT64_C(0x9e3779b97f4a7c15); /* any but 0 */

static uint64_t draw(uint64_t below)
{
    draw_state ^= draw_state << 13;
    draw_state ^= draw_state >> 7;
    draw_state ^= draw_state << 17;
    return (draw_state >> 16) % below;
}

#endif

/* What everybody needs. */
#ifndef GROUND_H
#define GROUND_H

#define EPI_SAFE

struct epi_ground {
    int level;
    int count[4];
    _Atomic int turn;
};

extern struct epi_ground epi_ground;

EPI_SAFE int epi_ground_level(void);
EPI_SAFE void epi_ground_raise(struct epi_ground *ground);
static inline EPI_SAFE int epi_twice(int n)
{
    return 2 * n;
}

#endif

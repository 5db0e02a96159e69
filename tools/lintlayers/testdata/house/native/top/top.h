/* Switching it on. */
#ifndef TOP_H
#define TOP_H

#include "../middle/middle.h"

int epi_top(void);

#endif

/* The state of this floor; goside.h says who writes which part. */
#include "goside.h"
#include "../base/base.h"

struct epi_goside epi_goside;

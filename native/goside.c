#include "goside.h"
#include "base.h"

struct epi_goside epi_goside;

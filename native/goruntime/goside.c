#include "goside.h"
#include "../base/base.h"

struct epi_goside epi_goside;

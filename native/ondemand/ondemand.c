/* The state of this floor; ondemand.h says what the dumper keeps. */
#include "ondemand.h"
#include "../base/base.h"

struct epi_ondemand epi_ondemand;

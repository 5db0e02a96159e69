#include "ondemand.h"
#include "../base/base.h"

struct epi_ondemand epi_ondemand;

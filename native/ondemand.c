#include "ondemand.h"
#include "base.h"

struct epi_ondemand epi_ondemand;

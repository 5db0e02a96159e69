#include "callback.h"
#include "_cgo_export.h"

void walk(int n)
{
	for (; n >= 0; n--)
		goVisit(n);
}

#include "textflag.h"

TEXT ·Instruction(SB), NOSPLIT, $0-0
	WORD $0 // udf #0
	RET

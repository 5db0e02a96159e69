#include "program.h"
#include "gostack.h"
#include "../base/base.h"
#include "../memory/peek.h"

struct epi_program epi_program;

EPI_SAFE uint64_t epi_goroutine_id(uintptr_t g)
{
    uint64_t id = 0;
    return g != 0 && epi_program.go->goid != 0 && epi_peek64(&id, g + epi_program.go->goid) ? id : 0;
}

EPI_SAFE uint64_t epi_program_goroutine(void)
{
    uintptr_t g = epi_go_g(epi_program.go), waiting = epi_gostack_goroutine(epi_program.go, g);
    return epi_goroutine_id(waiting != 0 ? waiting : g);
}

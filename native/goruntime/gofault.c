/* The goroutine may be on another thread when it dies, and other goroutines may have had
 * faults since.  So the one that it dies of is known by what Go prints of it
 * (runtime/panic.go, dopanic_m): the address and the PC. */
#include "gofault.h"
#include "goside.h"
#include "../base/base.h"
#include "../base/system.h"

EPI_SAFE void epi_gofault_keep(int signal, const siginfo_t *info, const ucontext_t *uc)
{
    struct epi_gofault *fault = &epi_goside.gofault[(unsigned)epi_gettid() % EPI_GOFAULTS];
    uint32_t number = fault->number;
    if (info->si_code <= 0 || number % 2 != 0 ||
        !atomic_compare_exchange_strong(&fault->number, &number, number + 1))
        return; /* sent; or another thread writes */
    fault->signal = signal;
    epi_copy(&fault->info, info, sizeof fault->info);
    epi_copy(&fault->context, uc, EPI_CONTEXT_SIZE);
    fault->number = number + 2;
}

/* The text behind WORD, on the line at TEXT; NULL when it is not there. */
static EPI_SAFE const char *behind(const char *text, const char *word)
{
    size_t size = epi_strlen(word);
    for (; *text != '\0' && *text != '\n'; text++)
        if (epi_equal(text, word, size))
            return text + size;
    return NULL;
}

static EPI_SAFE bool number_behind(const char *line, const char *word, uint64_t *value)
{
    const char *at = behind(line, word);
    *value = 0;
    if (at == NULL)
        return false;
    for (;; at++) {
        unsigned digit = *at >= 'a' ? (unsigned)*at - 'a' + 10 : (unsigned)*at - '0';
        if (digit > 15)
            return true;
        *value = *value << 4 | digit;
    }
}

static EPI_SAFE bool copy(struct epi_gofault *to, struct epi_gofault *from)
{
    uint32_t number = from->number;
    if (number % 2 != 0 || from->signal == 0)
        return false;
    to->signal = from->signal;
    epi_copy(&to->info, &from->info, sizeof to->info);
    epi_copy(&to->context, &from->context, EPI_CONTEXT_SIZE);
    return from->number == number;
}

EPI_SAFE bool epi_gofault_find(struct epi_gofault *fault, const char *text)
{
    static const char mark[] = "[signal SIG";
    uint64_t address, pc;
    const char *line = text;
    while (*line != '\0' && !epi_equal(line, mark, sizeof mark - 1))
        line++;
    if (!number_behind(line, " addr=0x", &address) || !number_behind(line, " pc=0x", &pc))
        return false;
    for (unsigned i = 0; i < EPI_GOFAULTS; i++)
        if (copy(fault, &epi_goside.gofault[i]) && (uintptr_t)fault->info.si_addr == address &&
            epi_arch_pc(&fault->context) == pc)
            return true;
    return false;
}

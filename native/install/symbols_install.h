/* What Go has made of the modules' debug information, for the core. */
#ifndef EPI_SYMBOLS_INSTALL_H
#define EPI_SYMBOLS_INSTALL_H

#include "../base/base.h"
#include "../image/symbols.h"

/* SIZE bytes that epi_install_symbols will hand to the core; NULL without
 * memory. */
void *epi_symbols_alloc(size_t size);

/* Gives the module at BIAS with PATH a symbol index (symbols.h), in memory of
 * epi_symbols_alloc that must not change any more.  EINVAL: not a valid index,
 * ENOENT: no such module; the memory is released in both cases. */
int epi_install_symbols(uintptr_t bias, const char *path, void *index, size_t size);

/* How many bytes of symbol indexes the core has. */
size_t epi_symbols_size(void);

/* Tells whether indexes are being built that a crash should wait for a moment. */
void epi_symbols_pending(bool pending);

/* Tells where the .eh_frame section of a module without PT_GNU_EH_FRAME is. */
int epi_install_eh_frame(uintptr_t bias, const char *path, struct epi_range section);

/* Releases the indexes that no module of the table in force has. */
void epi_symbols_release(void);

#endif

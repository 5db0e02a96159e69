/* What Go has made of the modules' debug information, for the core. */
#ifndef EPI_SYMBOLS_INSTALL_H
#define EPI_SYMBOLS_INSTALL_H

#include "../base/base.h"
#include "../image/symbols.h"

/* Gives the module at BIAS with PATH a block of symbols (symblock.h): SIZE bytes of
 * pages of their own, which must not change any more and belong to the core then, and
 * lack what was DROPPED.  It takes the place of one that the module has.  EINVAL: not a valid block, or of
 * another build, ENOENT: no such module; the memory is released in both cases. */
int epi_install_symbols(uintptr_t bias, const char *path, void *data, size_t size,
                        enum epi_dropped dropped);

/* There is no room for more symbols of the module than it has. */
void epi_drop_symbols(uintptr_t bias, const char *path);

/* How many bytes of symbol indexes the core has. */
size_t epi_symbols_size(void);

/* Hands over what .debug_frame of the module at BIAS says, as a table and entries in the form
 * of .eh_frame_hdr and .eh_frame with absolute addresses: pages of their own, which belong
 * to the core from now on, whatever is returned.  0 or an errno. */
int epi_install_frames(uintptr_t bias, const char *path, void *data, size_t size);

/* Tells where the .eh_frame section of a module without PT_GNU_EH_FRAME is. */
int epi_install_eh_frame(uintptr_t bias, const char *path, struct epi_range section);

/* Releases the indexes that no module of the table in force has, unless some thread walks its
 * stack: then a later call does. */
void epi_symbols_release(void);

#endif

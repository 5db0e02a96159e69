/* Who has taken fatal signals away from the core: by a system call of his own, or a sigaction
 * that does not come to the wrapper (wrap.h). */
#ifndef EPI_TAKEN_H
#define EPI_TAKEN_H

#include "../base/base.h"

enum epi_taken_state { EPI_TAKEN_NONE, EPI_TAKEN_PERHAPS, EPI_TAKEN_NEW };

/* For the helper: looks at the actions for the seven, a system call each.  Perhaps: look again
 * in a moment.  New: there is one that was not reported yet. */
EPI_SAFE enum epi_taken_state epi_taken_look(void);

/* HANDLER was reported to the program. */
EPI_SAFE void epi_taken_is_said(uintptr_t handler);

/* For a crash, before the core's actions are put back: what is there now is named in its
 * report, however short it has been there. */
EPI_SAFE void epi_taken_keep(void);

#endif

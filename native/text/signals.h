/* Words for signals and their codes. */
#ifndef EPI_SIGNALS_H
#define EPI_SIGNALS_H

#include "../base/base.h"

EPI_SAFE const char *epi_signal_name(int signal);  /* "SIGSEGV" */
EPI_SAFE const char *epi_signal_title(int signal); /* "Segmentation fault" */

/* "SEGV_MAPERR"; "code" when the kernel has a new one. */
EPI_SAFE const char *epi_signal_code(int signal, int code);

#endif

/* The calls of the crashing thread's stack, with whose they are: what a sentence is made
 * of.  A frame has as many calls as the report prints lines for it; a call is kept as the
 * place where its names are found again. */
#ifndef EPI_CALLS_H
#define EPI_CALLS_H

#include "names.h"
#include "../base/base.h"
#include "../incident/incident.h"

#define EPI_CALLS_MAX 512

enum epi_call_fact {
    EPI_CALL_GO = 1, /* its name has Go's form, or it is of Go's assembly */
    EPI_CALL_NAMED = 2,
    EPI_CALL_FAILURE = 4,      /* it leads from a failed check to the signal */
    EPI_CALL_DOUBTFUL = 8,     /* only a scan has found it, and nothing bears it out */
    EPI_CALL_CROSSCALL = 16,   /* crosscall2 */
    EPI_CALL_START = 32,       /* start_thread */
    EPI_CALL_CXX = 64,         /* of the C++ runtime or library */
    EPI_CALL_CXX_MODULE = 128, /* of the library */
    EPI_CALL_TERMINATE = 256,  /* on_terminate */
    EPI_CALL_CGO = 512,        /* Go's half of a call of C, main._Cfunc_decode */
};

struct epi_call {
    uint64_t name;    /* a hash of the comparable name; equal names have equal ones */
    uint32_t at;      /* the frame, or the offset of the line in Go's text */
    uint16_t inlined; /* which of the frame's calls, innermost first */
    uint16_t facts;   /* enum epi_call_fact */
    uint8_t from;     /* enum epi_origin */
    uint8_t callee;   /* see epi_pclntab_frames */
    bool in_text;     /* of the text, not of the stack */
};

/* What is known of one call. */
struct epi_call_text {
    char name[EPI_NAME_MAX];       /* as a report prints it; "" when it is not known */
    char comparable[EPI_NAME_MAX]; /* see epi_name_normalize */
    const char *module;            /* "" of a line of Go's source */
    const char *file;              /* "" when it is not known */
    bool go;                       /* by Go's tables, or in Go's words */
    int64_t line;
    uint64_t offset;               /* in the module, of a call without a name */
    char path[256];                /* for a file that a text names */
};

/* The calls of one stack, innermost first. */
struct epi_calls {
    const struct epi_stack *stack; /* what they are found in again */
    const char *text;
    bool of_group; /* TEXT is a group of goroutines in a report, else what Go has written */
    uint32_t count;
    struct epi_call call[EPI_CALLS_MAX];
    struct epi_call_text scratch; /* a dump and a crash may be at it at once: no statics */
    char public_name[EPI_NAME_MAX];
};

/* The calls of INCIDENT's stack.  Without one of the program's on it they are those of the
 * goroutine that GO_TEXT ("": none), what Go has written, begins with. */
EPI_SAFE void epi_calls_find(struct epi_calls *calls, struct epi_incident *incident,
                             const char *go_text);

/* Is one of the functions of LIST (see epi_name_listed) among the innermost of INCIDENT's
 * stack? */
EPI_SAFE bool epi_calls_begin(struct epi_incident *incident, const char *list);

/* The calls of another thread's stack; of the group of goroutines whose lines in a report
 * TEXT begins with (grouptext.h). */
EPI_SAFE void epi_calls_of_stack(struct epi_calls *calls, struct epi_incident *incident,
                                 const struct epi_stack *stack);
EPI_SAFE void epi_calls_of_group(struct epi_calls *calls, const struct epi_incident *incident,
                                 const char *text);

/* TEXT becomes that of CALL, one of CALLS. */
EPI_SAFE void epi_call_describe(struct epi_call_text *text, struct epi_incident *incident,
                                const struct epi_calls *calls, const struct epi_call *call);

/* Is CALL, of CALLS, a function of Go that has called C of the program's which left no frame
 * of its own?  What is compiled to a jump, or inlined into cgo's stub, has none. */
EPI_SAFE bool epi_calls_ends_in_stub(const struct epi_calls *calls, const struct epi_call *call);

/* Is one of CALLS the program's own, and certain? */
EPI_SAFE bool epi_calls_any_significant(const struct epi_calls *calls);

/* Is CALL the program's own, and certain? */
EPI_SAFE bool epi_calls_significant(const struct epi_call *call);

#endif

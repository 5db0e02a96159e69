/* The crashing thread's stack: first all of it is walked, then it is printed.
 * Two stages, so that a walk that fails in the middle costs only its rest. */
#include "report_parts.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/system.h"
#include "../memory/code.h"
#include "../memory/maps.h"
#include "../image/codemap.h"
#include "../image/modules.h"
#include "../image/perfmap.h"
#include "../image/symbols.h"
#include "../unwind/gostack.h"
#include "../unwind/pclntab.h"
#include "../unwind/program.h"
#include "../unwind/stack.h"
#include "../text/out.h"
#include "../incident/incident.h"

#include <sys/prctl.h>

#define INLINE_MAX 16

/* Python's words for each kind. */
static EPI_SAFE void thread_header(struct epi_incident *incident)
{
    struct epi_out *out = &incident->out;
    const struct epi_subject *subject = &incident->subject;
    if (incident->style.title != NULL) {
        epi_out_text(out, incident->style.title);
    } else {
        epi_out_text(out, "Current thread ");
        epi_out_address(out, subject->pointer);
        epi_out_text(out, " [");
        epi_out_name(out, subject->name);
        epi_out_text(out, ", ");
        epi_out_decimal(out, subject->tid);
        epi_out_text(out, "]");
    }
    epi_out_text(out, " (most recent call first):\n");
}

/* How sure the line is; nothing when it is. */
static EPI_SAFE void end_frame(struct epi_out *out, bool inlined,
                               const struct epi_frame *frame)
{
    if (inlined)
        epi_out_text(out, " (inlined)");
    if (frame->how == EPI_HOW_SCAN)
        epi_out_text(out, " (scan)");
    else if ((frame->flags & EPI_FRAME_AFTER_SCAN) != 0)
        epi_out_text(out, " (after a scan)");
    else if (frame->how == EPI_HOW_FP)
        epi_out_text(out, " (frame pointer)");
    epi_out_char(out, '\n');
}

static EPI_SAFE void source_line(struct epi_out *out, const char *file, int64_t line,
                                 const char *function)
{
    epi_out_text(out, "  File \"");
    epi_out_escaped(out, file);
    epi_out_text(out, "\", line ");
    epi_out_decimal(out, line);
    epi_out_text(out, " in ");
    epi_out_escaped(out, function);
}

/* Lines written (a wrapper has none), or -1 when Go's tables do not know the
 * frame. */
static EPI_SAFE int32_t go_frame(struct epi_incident *incident, const struct epi_frame *frame,
                                  uintptr_t look_up)
{
    struct epi_goframe functions[INLINE_MAX];
    const struct epi_goruntime *go = epi_go_at(epi_program.go, look_up);
    if (go == NULL || !go->names)
        return -1;
    int32_t n = epi_pclntab_frames(go, look_up, &incident->callee, functions, INLINE_MAX);
    for (int32_t i = 0; i < n; i++) {
        char *name = incident->symbol.name; /* the longest buffer at hand */
        epi_pclntab_print(name, sizeof incident->symbol.name, functions[i].function);
        source_line(&incident->out, functions[i].file, functions[i].line, name);
        end_frame(&incident->out, functions[i].inlined, frame);
    }
    return n;
}

static EPI_SAFE void pc_suffix(struct epi_out *out, uintptr_t pc)
{
    epi_out_text(out, " [");
    epi_out_address(out, pc);
    epi_out_char(out, ']');
}

static EPI_SAFE void binary_line(struct epi_out *out, const char *path, const char *function,
                                 uint64_t offset, uintptr_t pc)
{
    epi_out_text(out, "  Binary file \"");
    epi_out_escaped(out, path);
    epi_out_text(out, "\", at ");
    epi_out_escaped(out, function);
    epi_out_char(out, '+'); /* also without a name, as faulthandler has it */
    epi_out_hex(out, offset);
    pc_suffix(out, pc);
}

static EPI_SAFE void unknown_line(struct epi_out *out, const struct epi_frame *frame)
{
    epi_out_text(out, "  Binary file \"<unknown>\"");
    pc_suffix(out, frame->pc);
    end_frame(out, false, frame);
}

/* Code that no module has, with its mapping; false when that is gone. */
static EPI_SAFE bool code_line(struct epi_incident *incident, const struct epi_frame *frame,
                               uintptr_t look_up)
{
    struct epi_out *out = &incident->out;
    const struct epi_code_range *code = epi_codemap_find(epi_program.code, look_up);
    const struct epi_perfmap_name *name = epi_perfmap_find(&incident->code_names, look_up);
    if (code == NULL)
        return false;
    epi_out_text(out, "  Code of no module \"");
    epi_out_escaped(out, code->name[0] != '\0' ? code->name : "<anonymous>");
    epi_out_text(out, "\" (");
    epi_out_char(out, code->prot & EPI_PROT_READ ? 'r' : '-');
    epi_out_char(out, code->prot & EPI_PROT_WRITE ? 'w' : '-');
    epi_out_char(out, code->prot & EPI_PROT_EXEC ? 'x' : '-');
    epi_out_text(out, "), at ");
    epi_out_escaped(out, name != NULL ? name->name : "");
    epi_out_char(out, '+');
    epi_out_hex(out, frame->pc - (name != NULL ? name->start : code->range.start));
    pc_suffix(out, frame->pc);
    end_frame(out, false, frame);
    return true;
}

/* A function of Go as a place in its file; false when Go's tables do not know it. */
static EPI_SAFE bool go_place(struct epi_incident *incident, const struct epi_module *module,
                              const struct epi_frame *frame, uintptr_t look_up)
{
    const struct epi_goruntime *go = epi_go_at(epi_program.go, look_up);
    struct epi_func func;
    char *name = incident->symbol.name;
    if ((frame->flags & EPI_FRAME_GO) == 0 || go == NULL || !go->names ||
        !epi_pclntab_find(go, look_up, &func))
        return false;
    epi_pclntab_print(name, sizeof incident->symbol.name, epi_pclntab_function(go, &func));
    binary_line(&incident->out, module->path, name, frame->pc - go->text.start - func.entry,
                frame->pc);
    return true;
}

/* A call in a C frame; with PLACES its place in the file.  The function itself, the last of
 * them, has the PC too: it is what a line's module and address are found by afterwards. */
static EPI_SAFE void c_line(struct epi_incident *incident, const struct epi_module *module,
                            const struct epi_frame *frame, uintptr_t look_up, bool places)
{
    struct epi_out *out = &incident->out;
    const struct epi_symbol *symbol = &incident->symbol;
    bool named = symbol->name[0] != '\0';
    if (symbol->line != 0 && !places) {
        source_line(out, symbol->file, symbol->line, named ? symbol->name : "?");
        if (!symbol->inlined)
            pc_suffix(out, frame->pc);
        if (symbol->near_line)
            epi_out_text(out, " (near)");
    } else {
        binary_line(out, module->path, symbol->name,
                    named ? symbol->offset + (frame->pc - look_up) : frame->pc - module->bias,
                    frame->pc);
    }
    end_frame(out, symbol->inlined, frame);
}

/* Of a chain of inlined calls that is longer than both together, this many of the
 * innermost and of the outermost are shown: the last one is the function. */
#define CHAIN_HEAD 40
#define CHAIN_TAIL 20

static EPI_SAFE void left_out(struct epi_out *out, uint64_t count)
{
    epi_out_text(out, "  ... (");
    epi_out_decimal(out, (int64_t)count);
    epi_out_text(out, count == 1 ? " more frame)\n" : " more frames)\n");
}

/* A place in a file is one line, whatever was inlined there. */
static EPI_SAFE int32_t c_calls(struct epi_incident *incident, const struct epi_module *module,
                                const struct epi_frame *frame, uintptr_t look_up, bool places)
{
    struct epi_symbols *symbols = &incident->symbols;
    uint32_t count = epi_symbols_count(symbols);
    if (places) {
        while (epi_symbols_next(symbols, &incident->symbol))
            continue;
        c_line(incident, module, frame, look_up, places);
        return 1;
    }
    uint32_t cut = count > CHAIN_HEAD + CHAIN_TAIL ? count - CHAIN_HEAD - CHAIN_TAIL : 0;
    for (uint32_t i = 0; epi_symbols_next(symbols, &incident->symbol); i++) {
        if (cut > 0 && i == CHAIN_HEAD)
            left_out(&incident->out, cut);
        if (i < CHAIN_HEAD || i >= CHAIN_HEAD + cut)
            c_line(incident, module, frame, look_up, places);
    }
    return (int32_t)(count - cut + (cut > 0));
}

static EPI_SAFE int32_t c_frame(struct epi_incident *incident, const struct epi_frame *frame,
                                uintptr_t look_up, bool places)
{
    struct epi_out *out = &incident->out;
    const struct epi_module *module = epi_modules_find(epi_program.modules, look_up);
    if (module == NULL) {
        if (!code_line(incident, frame, look_up))
            unknown_line(out, frame);
        return 1;
    }
    if (!places || !go_place(incident, module, frame, look_up)) {
        if (epi_symbols_find(&incident->symbols, module, look_up, &incident->symbol))
            return c_calls(incident, module, frame, look_up, places);
        binary_line(out, module->path, "", frame->pc - module->bias, frame->pc);
    }
    end_frame(out, false, frame);
    return 1;
}

/* Lines written: inlined calls have one each. */
static EPI_SAFE int32_t print_frame(struct epi_incident *incident, const struct epi_frame *frame,
                                    bool places)
{
    struct epi_out *out = &incident->out;
    if (frame->flags & EPI_FRAME_GAP)
        epi_out_text(out, "  <stack lost: the C frames up to Go's call>\n");
    /* A signal's handler walks with a table of before. */
    if ((frame->flags & EPI_FRAME_BAD_PC) != 0 &&
        epi_codemap_find(epi_program.code, frame->pc) == NULL) {
        epi_out_text(out, "  <not executable: ");
        epi_out_address(out, frame->pc);
        epi_out_text(out, ">\n");
        return 1;
    }
    if (frame->flags & EPI_FRAME_SIGNAL) {
        epi_out_text(out, "  <signal handler called>\n");
        return 1;
    }
    if (!incident->options->native_stack && !(frame->flags & EPI_FRAME_GO))
        return 0;
    uintptr_t look_up = epi_frame_lookup_pc(frame);
    bool go = (frame->flags & EPI_FRAME_GO) != 0 && !places;
    int32_t lines = go ? go_frame(incident, frame, look_up) : -1;
    return lines >= 0 ? lines : c_frame(incident, frame, look_up, places);
}

/* A frame that is printed outside of a stack stands for itself: its callee, on which Go's
 * wrappers depend, and the calls that were inlined there are left out. */
EPI_SAFE void epi_print_place(struct epi_incident *incident, const struct epi_frame *frame)
{
    print_frame(incident, frame, true);
}

static EPI_SAFE void print_repeated(struct epi_out *out, int32_t lines, uint64_t more)
{
    epi_out_text(out, "  [Previous ");
    if (lines == 1) {
        epi_out_text(out, "line");
    } else {
        epi_out_decimal(out, lines);
        epi_out_text(out, " lines");
    }
    epi_out_text(out, " repeated ");
    epi_out_decimal(out, (int64_t)more);
    epi_out_text(out, more == 1 ? " more time]\n" : " more times]\n");
}

static EPI_SAFE void print_end(struct epi_out *out, enum epi_stop stop)
{
    const char *why;
    switch (stop) {
    case EPI_STOP_UNREADABLE:
        why = "the stack cannot be read here";
        break;
    case EPI_STOP_NO_RULE:
        why = "no unwind information, and nothing that looks like a caller";
        break;
    case EPI_STOP_STUCK:
        why = "the next frame would not be further out";
        break;
    case EPI_STOP_NONE:
        why = "the walk was interrupted";
        break;
    case EPI_STOP_LIMIT:
        why = "more frames than are ever walked";
        break;
    case EPI_STOP_ROOM:
        why = "the thread's signal stack is too small for a walk";
        break;
    case EPI_STOP_FAULTS:
        why = "something else handles SIGSEGV or SIGBUS, and would get the faults of a walk";
        break;
    case EPI_STOP_PENDING:
        why = "the thread blocks a SIGSEGV or SIGBUS that it was sent";
        break;
    default:
        return;
    }
    epi_out_text(out, "  <stack lost: ");
    epi_out_text(out, why);
    epi_out_text(out, ">\n");
}

EPI_SAFE void epi_report_unwind(struct epi_incident *incident)
{
    struct epi_regs regs;
    epi_zero(&incident->stack, offsetof(struct epi_stack, frame));
    epi_zero(&incident->cache, sizeof incident->cache);
    epi_arch_regs_from_context(&regs, &incident->context);
    epi_program_walk(&incident->cursor, &incident->cache, &regs);
    incident->cursor.code_work = EPI_CODE_REPORT;
    incident->cursor.g = incident->forked ? 0 : epi_go_g(epi_program.go);
    epi_stack_collect(&incident->stack, &incident->cursor, incident->options->max_frames);
}

/* A program that crashes right after Enable has no lines yet, but Go is
 * alive and at it: it gets a moment, which is enough for a small program.  Not a
 * lock, not a wait for ever: the thread that crashed may hold what Go needs.  The
 * module's line says that there were none yet. */
#define INDEX_WAIT (20 * EPI_MS)

static EPI_SAFE bool lacks_index(const struct epi_stack *stack)
{
    for (uint32_t i = 0; i < stack->count; i++) {
        const struct epi_module *module =
            stack->frame[i].flags & EPI_FRAME_GO
                ? NULL
                : epi_modules_find(epi_program.modules, stack->frame[i].pc);
        const struct epi_symbol_index *index =
            module == NULL ? NULL : __atomic_load_n(&module->index, __ATOMIC_ACQUIRE);
        if (module != NULL && (index == NULL || index->names_only))
            return true;
    }
    return false;
}

EPI_SAFE void epi_report_await_symbols(struct epi_incident *incident)
{
    uint64_t now = epi_now(), end = now + INDEX_WAIT;
    uint64_t limit = incident->stage_deadline; /* half of what is left is for the printing */
    if (limit < now + 2 * INDEX_WAIT)
        end = limit > now ? now + (limit - now) / 2 : now;
    while (epi_incidents.symbols_pending && !incident->forked && lacks_index(&incident->stack) &&
           epi_now() < end) {
        epi_pause(EPI_MS / 4);
    }
}

EPI_SAFE void epi_print_stack(struct epi_incident *incident, const struct epi_stack *stack)
{
    struct epi_out *out = &incident->out;
    int32_t lines[EPI_STACK_PERIOD] = {0}; /* of the last frames, a ring */
    uint32_t run = 0;
    incident->callee = 0;
    for (uint32_t i = 0; i < stack->count; i++) {
        if (stack->left_out > 0 && i == stack->head) {
            left_out(out, stack->left_out);
        }
        lines[i % EPI_STACK_PERIOD] =
            print_frame(incident, &stack->frame[i], incident->style.places);
        for (; run < stack->run_count && stack->run[run].at == i + 1; run++) {
            int32_t sum = 0;
            for (uint32_t j = 0; j < stack->run[run].period; j++)
                sum += lines[(i - j) % EPI_STACK_PERIOD];
            if (sum > 0)
                print_repeated(out, sum, stack->run[run].more);
        }
    }
    print_end(out, stack->stop);
}

EPI_SAFE void epi_report_stack(struct epi_incident *incident)
{
    thread_header(incident);
    epi_print_stack(incident, &incident->stack);
}

/* From frames to calls.  The look-ups are those by which frames.c prints, so that the
 * sentence says what the stack below it shows. */
#include "calls.h"
#include "gotext.h"
#include "grouptext.h"
#include "names.h"
#include "origin.h"
#include "../base/base.h"
#include "../image/codemap.h"
#include "../image/modules.h"
#include "../image/perfmap.h"
#include "../image/symbols.h"
#include "../unwind/gostack.h"
#include "../unwind/pclntab.h"
#include "../unwind/program.h"
#include "../unwind/stack.h"
#include "../incident/incident.h"

#define INLINE_MAX 16

static EPI_SAFE void copy_name(char *to, const char *from)
{
    size_t size = 0;
    for (; from[size] != '\0' && size < EPI_NAME_MAX - 1; size++)
        to[size] = from[size];
    to[size] = '\0';
}

/* How many calls Go's tables have at the frame, or -1; TEXT is the INLINEDth of them. */
static EPI_SAFE int32_t describe_go(struct epi_call_text *text, uintptr_t pc, uint32_t inlined,
                                    uint8_t *callee)
{
    struct epi_goframe functions[INLINE_MAX];
    const struct epi_goruntime *go = epi_go_at(epi_program.go, pc);
    if (go == NULL || !go->names)
        return -1;
    int32_t n = epi_pclntab_frames(go, pc, callee, functions, INLINE_MAX);
    text->go = n > 0;
    if (n > 0 && inlined < (uint32_t)n) {
        epi_pclntab_print(text->name, sizeof text->name, functions[inlined].function);
        text->file = functions[inlined].file;
        text->line = functions[inlined].line;
    }
    return n;
}

/* Code that no module has. */
static EPI_SAFE uint32_t describe_code(struct epi_call_text *text,
                                       const struct epi_incident *incident,
                                       const struct epi_frame *frame, uintptr_t pc)
{
    const struct epi_code_range *code = epi_codemap_find(epi_program.code, pc);
    const struct epi_perfmap_name *name = epi_perfmap_find(&incident->code_names, pc);
    if (code == NULL)
        return 0;
    text->module = code->name[0] != '\0' ? code->name : "<anonymous>";
    text->offset = frame->pc - code->range.start;
    if (name != NULL)
        copy_name(text->name, name->name);
    return 1;
}

static EPI_SAFE uint32_t describe_c(struct epi_call_text *text, struct epi_incident *incident,
                                    const struct epi_frame *frame, uintptr_t pc,
                                    uint32_t inlined)
{
    const struct epi_module *module = epi_modules_find(epi_program.modules, pc);
    struct epi_symbol *symbol = &incident->symbol;
    if (module == NULL)
        return describe_code(text, incident, frame, pc);
    text->module = module->path;
    text->offset = frame->pc - module->bias;
    if (!epi_symbols_find(&incident->symbols, module, pc, symbol))
        return 1;
    uint32_t count = epi_symbols_count(&incident->symbols);
    for (uint32_t i = 0; i <= inlined; i++)
        epi_symbols_next(&incident->symbols, symbol);
    copy_name(text->name, symbol->name);
    if (symbol->line != 0) {
        text->file = symbol->file;
        text->line = symbol->line;
        if (text->name[0] == '\0')
            copy_name(text->name, "?");
    }
    return count;
}

/* How many calls the report shows for FRAME; TEXT is the INLINEDth of them. */
static EPI_SAFE uint32_t describe(struct epi_call_text *text, struct epi_incident *incident,
                                  const struct epi_frame *frame, uint32_t inlined,
                                  uint8_t *callee)
{
    text->name[0] = text->comparable[0] = '\0';
    text->module = text->file = "";
    text->line = 0;
    text->offset = 0;
    text->go = false;
    if ((frame->flags & EPI_FRAME_SIGNAL) != 0 ||
        ((frame->flags & EPI_FRAME_BAD_PC) != 0 &&
         epi_codemap_find(epi_program.code, frame->pc) == NULL) ||
        (!incident->options->native_stack && (frame->flags & EPI_FRAME_GO) == 0))
        return 0;
    uintptr_t pc = epi_frame_lookup_pc(frame);
    int32_t n = (frame->flags & EPI_FRAME_GO) != 0 ? describe_go(text, pc, inlined, callee) : -1;
    return n >= 0 ? (uint32_t)n : describe_c(text, incident, frame, pc, inlined);
}

/* The call at AT of a text, with all that is known of it. */
static EPI_SAFE void describe_text(struct epi_call_text *text, const struct epi_calls *calls,
                                   uint32_t at)
{
    if (calls->of_group)
        epi_grouptext_describe(text, calls->text, at);
    else
        epi_gotext_describe(text, calls->text, at);
    text->go = true;
}

EPI_SAFE void epi_call_describe(struct epi_call_text *text, struct epi_incident *incident,
                                const struct epi_calls *calls, const struct epi_call *call)
{
    uint8_t callee = call->callee;
    if (call->in_text)
        describe_text(text, calls, call->at);
    else
        describe(text, incident, &calls->stack->frame[call->at], call->inlined, &callee);
    epi_name_normalize(text->comparable, text->name);
}

/* From a system call to the function that the program has called it takes four frames. */
EPI_SAFE bool epi_calls_begin(struct epi_incident *incident, const char *list)
{
    const struct epi_stack *stack = &incident->stack;
    struct epi_call_text text;
    uint8_t callee = 0;
    for (uint32_t i = 0; i < stack->count && i < 6; i++) {
        uint8_t before = callee;
        uint32_t n = 1;
        for (uint32_t k = 0; k < n; k++) {
            callee = before;
            n = describe(&text, incident, &stack->frame[i], k, &callee);
            epi_name_normalize(text.comparable, text.name);
            epi_name_make_public(text.comparable);
            if (epi_name_listed(list, text.comparable, epi_strlen(text.comparable)))
                return true;
        }
    }
    return false;
}

static EPI_SAFE uint64_t hash(const char *text)
{
    uint64_t value = 0;
    for (; *text != '\0'; text++)
        value = epi_mix(value, (uint8_t)*text);
    return value;
}

static EPI_SAFE bool is_of_cgo(const char *name)
{
    while (*name != '\0' && !epi_name_begins(name, "._Cfunc_"))
        name++;
    return *name != '\0';
}

/* NAME has room for EPI_NAME_MAX bytes. */
static EPI_SAFE uint32_t facts_of(const struct epi_call_text *text, char *name)
{
    const char *comparable = text->comparable;
    uint32_t facts = 0;
    copy_name(name, comparable);
    epi_name_make_public(name);
    if (comparable[0] != '\0')
        facts |= EPI_CALL_NAMED;
    if (epi_name_is_go(comparable) || (text->go && epi_origin_go_assembly(text->file)))
        facts |= EPI_CALL_GO;
    if (epi_origin_failure(name))
        facts |= EPI_CALL_FAILURE;
    if (epi_streq(comparable, "crosscall2"))
        facts |= EPI_CALL_CROSSCALL;
    if (epi_streq(comparable, "start_thread"))
        facts |= EPI_CALL_START;
    if (epi_streq(comparable, "on_terminate"))
        facts |= EPI_CALL_TERMINATE;
    if (is_of_cgo(comparable))
        facts |= EPI_CALL_CGO;
    if (epi_origin_cxx_library(text->module))
        facts |= EPI_CALL_CXX | EPI_CALL_CXX_MODULE;
    if (epi_origin_cxx_runtime(comparable))
        facts |= EPI_CALL_CXX;
    return facts;
}

static EPI_SAFE bool is_dynamic(void)
{
    const struct epi_modules *table = epi_program.modules;
    for (uint32_t i = 0; i < table->count; i++)
        if (epi_origin_dynamic_libc(table->module[i].path))
            return true;
    return false;
}

/* CALL, whose place is known and which the scratch describes, becomes whole. */
static EPI_SAFE void add(struct epi_calls *calls, struct epi_call *call,
                         struct epi_origin_hints *hints)
{
    struct epi_call_text *text = &calls->scratch;
    hints->module = text->module;
    hints->file = text->file;
    hints->go = text->go;
    epi_name_normalize(text->comparable, text->name);
    call->name = hash(text->comparable);
    call->facts = (uint16_t)facts_of(text, calls->public_name);
    call->from = (uint8_t)epi_origin_of(text->comparable, hints);
    epi_copy(&calls->call[calls->count], call, sizeof *call);
    calls->count++;
}

static EPI_SAFE void add_stack(struct epi_calls *calls, struct epi_incident *incident,
                               struct epi_origin_hints *hints)
{
    struct epi_call_text *text = &calls->scratch;
    const struct epi_stack *stack = calls->stack;
    uint8_t callee = 0;
    for (uint32_t i = 0; i < stack->count; i++) {
        const struct epi_frame *frame = &stack->frame[i];
        struct epi_call call = {.at = i, .callee = callee};
        uint32_t n = 1;
        for (uint32_t k = 0; k < n && calls->count < EPI_CALLS_MAX; k++) {
            callee = call.callee;
            n = describe(text, incident, frame, k, &callee);
            if (n == 0)
                break;
            call.inlined = (uint16_t)k;
            /* Without a list of modules a line of source does not tell its own. */
            if (incident->style.healthy && text->line != 0)
                text->module = "";
            add(calls, &call, hints);
            if (frame->how == EPI_HOW_SCAN)
                calls->call[calls->count - 1].facts |= EPI_CALL_DOUBTFUL;
        }
    }
}

static EPI_SAFE void add_text(struct epi_calls *calls, uint32_t at,
                              struct epi_origin_hints *hints)
{
    while (at != 0 && calls->count < EPI_CALLS_MAX) {
        struct epi_call call = {.at = at, .in_text = true};
        describe_text(&calls->scratch, calls, at);
        add(calls, &call, hints);
        at = calls->of_group ? epi_grouptext_next(calls->text, at)
                             : epi_gotext_next(calls->text, at);
    }
}

/* musl has no unwind tables, so its callers are found by a scan.  What is walked by tables
 * from the outermost frame that a scan has found bears that one out. */
static EPI_SAFE void settle_doubts(struct epi_calls *calls, const struct epi_stack *stack)
{
    for (uint32_t i = calls->count; i-- > 0;) {
        struct epi_call *call = &calls->call[i];
        if (stack->frame[call->at].how != EPI_HOW_SCAN)
            continue;
        if (i + 1 < calls->count &&
            (stack->frame[calls->call[i + 1].at].flags & EPI_FRAME_AFTER_SCAN) != 0)
            call->facts &= (uint16_t)~EPI_CALL_DOUBTFUL;
        if (i + 1 < calls->count)
            return;
    }
}

/* Corrects what the names cannot tell, by what stands around a call. */
static EPI_SAFE void place_calls(struct epi_calls *calls)
{
    for (uint32_t i = 0; i < calls->count; i++) {
        struct epi_call *call = &calls->call[i];
        const struct epi_call *inner = i > 0 ? call - 1 : NULL;
        const struct epi_call *outer = i + 1 < calls->count ? call + 1 : NULL;
        bool named = (call->facts & EPI_CALL_NAMED) != 0;
        if (call->from != EPI_OF_PROGRAM || inner == NULL)
            continue;
        if ((inner->facts & EPI_CALL_CROSSCALL) != 0) {
            /* The C half of an exported Go function, which has the name of the Go half. */
            call->from = EPI_OF_PLUMBING;
        } else if (outer == NULL) {
            continue;
        } else if ((call->facts & EPI_CALL_TERMINATE) != 0 ||
                   (!named && inner->from == EPI_OF_LIBRARY &&
                    (outer->facts & EPI_CALL_CXX_MODULE) != 0)) {
            /* What std::terminate calls: Epitaph's (cxx.c), or the program's. */
            if ((outer->facts & EPI_CALL_CXX) != 0)
                call->from = EPI_OF_EPITAPH;
        } else if (!named && (outer->facts & EPI_CALL_START) != 0) {
            call->from = EPI_OF_EPITAPH; /* epitaph_thread_start, without its name */
        }
    }
}

EPI_SAFE bool epi_calls_significant(const struct epi_call *call)
{
    return call->from == EPI_OF_PROGRAM && (call->facts & EPI_CALL_DOUBTFUL) == 0;
}

EPI_SAFE bool epi_calls_ends_in_stub(const struct epi_calls *calls, const struct epi_call *call)
{
    return (call->facts & EPI_CALL_GO) != 0 && call > calls->call &&
           (call[-1].facts & EPI_CALL_CGO) != 0;
}

EPI_SAFE bool epi_calls_any_significant(const struct epi_calls *calls)
{
    for (uint32_t i = 0; i < calls->count; i++)
        if (epi_calls_significant(&calls->call[i]))
            return true;
    return false;
}

/* A dump has no list of modules, so package report takes the program for a static one. */
static EPI_SAFE struct epi_origin_hints hints_of(const struct epi_incident *incident)
{
    return (struct epi_origin_hints){.build = incident->options->build,
                                     .dynamic = !incident->style.healthy && is_dynamic()};
}

EPI_SAFE void epi_calls_of_stack(struct epi_calls *calls, struct epi_incident *incident,
                                 const struct epi_stack *stack)
{
    struct epi_origin_hints hints = hints_of(incident);
    calls->stack = stack;
    calls->text = "";
    calls->count = 0;
    add_stack(calls, incident, &hints);
    settle_doubts(calls, stack);
    place_calls(calls);
}

static EPI_SAFE void find_in_text(struct epi_calls *calls, const struct epi_incident *incident,
                                  const char *text, bool of_group)
{
    struct epi_origin_hints hints = hints_of(incident);
    calls->stack = NULL;
    calls->text = text;
    calls->of_group = of_group;
    calls->count = 0;
    add_text(calls, of_group ? epi_grouptext_first(text) : epi_gotext_first(text), &hints);
    place_calls(calls);
}

EPI_SAFE void epi_calls_of_group(struct epi_calls *calls, const struct epi_incident *incident,
                                 const char *text)
{
    find_in_text(calls, incident, text, true);
}

EPI_SAFE void epi_calls_find(struct epi_calls *calls, struct epi_incident *incident,
                             const char *go_text)
{
    epi_calls_of_stack(calls, incident, &incident->stack);
    if (epi_calls_any_significant(calls) || epi_gotext_first(go_text) == 0)
        return;
    find_in_text(calls, incident, go_text, false);
    if (!epi_calls_any_significant(calls))
        epi_calls_of_stack(calls, incident, &incident->stack);
}

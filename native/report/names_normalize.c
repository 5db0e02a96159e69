/* Takes out of a function's name what differs between builds of one source, as
 * report/normalize.go does.  That works with regular expressions; these are spelled out
 * here, in the same order. */
#include "names.h"
#include "../base/base.h"

static EPI_SAFE bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static EPI_SAFE bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

static EPI_SAFE bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The digits that TEXT begins with. */
static EPI_SAFE size_t digits(const char *text)
{
    size_t n = 0;
    while (is_digit(text[n]))
        n++;
    return n;
}

/* The hexadecimal digits that TEXT begins with, at most MAX of them. */
static EPI_SAFE size_t hex_digits(const char *text, size_t max)
{
    size_t n = 0;
    while (n < max && is_hex(text[n]))
        n++;
    return n;
}

/* Takes SIZE bytes out of a string, at AT. */
static EPI_SAFE void take_out(char *at, size_t size)
{
    while ((at[0] = at[size]) != '\0')
        at++;
}

/* How much of TEXT, one of the words of WORDS, stands at its beginning; 0: none of them. */
static EPI_SAFE size_t one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (epi_name_begins(text, words[i]))
            return epi_strlen(words[i]);
    return 0;
}

/* _cgo_0edf319690ac_Cfunc_f: cgo's hash of the package. */
static EPI_SAFE void cut_cgo_hash(char *name)
{
    static const char *const prefixes[] = {"_cgo_", "_cgoexp_"};
    for (char *at = name; *at != '\0'; at++) {
        size_t n = one_of(at, prefixes, EPI_COUNT(prefixes));
        if (n > 0 && hex_digits(at + n, 12) == 12 && at[n + 12] == '_')
            take_out(at + n, 13);
    }
}

static EPI_SAFE void cut_rust_hash(char *name)
{
    size_t size = epi_strlen(name);
    if (size >= 19 && epi_name_begins(name + size - 19, "::h") &&
        hex_digits(name + size - 16, 16) == 16)
        name[size - 19] = '\0';
}

EPI_SAFE void epi_name_cut_clone(char *name)
{
    static const char *const ends[] = {".isra", ".constprop",  ".part",       ".cold",
                                       ".llvm", ".lto_priv",   ".localalias", ".resolver"};
    for (char *at = name; *at != '\0'; at++) {
        size_t n = one_of(at, ends, EPI_COUNT(ends));
        if (n > 0 && !is_word(at[n])) {
            *at = '\0';
            return;
        }
    }
}

/* Names whose brackets are part of them.  While brackets are removed, a control character
 * stands for each, which no name has. */
static const struct {
    const char *text;
    char hidden;
} bracketed[] = {
    {"operator()", 1},  {"operator[]", 2},   {"(anonymous namespace)", 3}, {"operator<=>", 4},
    {"operator<<=", 5}, {"operator>>=", 6},  {"operator->*", 7},           {"operator<<", 8},
    {"operator>>", 11}, {"operator<=", 12},  {"operator>=", 14},           {"operator->", 15},
    {"operator<", 16},  {"operator>", 17},
};

static EPI_SAFE void hide_brackets(char *name)
{
    for (char *at = name; *at != '\0'; at++)
        for (size_t i = 0; i < EPI_COUNT(bracketed); i++)
            if (epi_name_begins(at, bracketed[i].text)) {
                take_out(at, epi_strlen(bracketed[i].text) - 1);
                *at = bracketed[i].hidden;
                break;
            }
}

/* To another buffer: names become longer.  What has no room is cut. */
static EPI_SAFE void show_brackets(char *to, const char *name)
{
    size_t size = 0;
    for (; *name != '\0'; name++) {
        char one[2] = {*name, '\0'};
        const char *text = one;
        for (size_t i = 0; i < EPI_COUNT(bracketed); i++)
            if (bracketed[i].hidden == *name)
                text = bracketed[i].text;
        for (; *text != '\0' && size < EPI_NAME_MAX - 1; text++)
            to[size++] = *text;
    }
    to[size] = '\0';
}

static EPI_SAFE void cut_brackets(char *name, char open, char shut)
{
    char *to = name, before = '\0';
    uint32_t depth = 0;
    for (; *name != '\0'; before = *name++) {
        if (*name == open)
            depth++;
        else if (*name == shut && depth > 0)
            depth -= shut != '>' || before != '-'; /* not of Rust's "fn() -> T" */
        else if (depth == 0)
            *to++ = *name;
    }
    *to = '\0';
}

static EPI_SAFE bool cut_end(char *name, const char *end)
{
    size_t size = epi_strlen(name), n = epi_strlen(end);
    if (size < n || !epi_streq(name + size - n, end))
        return false;
    name[size - n] = '\0';
    return true;
}

/* main.f.func1.2: the numbers change with the code around the function. */
static EPI_SAFE void cut_go_counters(char *name)
{
    static const char *const numbered[] = {"func", "gowrap", "deferwrap", "range", "init"};
    for (char *at = name; *at != '\0'; at++) {
        if (*at != '.' && *at != '-')
            continue;
        size_t n = one_of(at + 1, numbered, EPI_COUNT(numbered)), number = digits(at + 1 + n);
        if (n > 0 && number > 0) {
            take_out(at + 1 + n, number);
            at += n;
        } else if (n == 0 && *at == '.' && number > 0 && !is_word(at[1 + number])) {
            take_out(at, 1 + number);
            at--; /* what follows is at its place now */
        }
    }
}

static EPI_SAFE void cut_c_counters(char *name)
{
    static const char *const numbered[] = {"$_", "lambda_", "lambda"};
    for (char *at = name; *at != '\0'; at++) {
        size_t n = one_of(at, numbered, EPI_COUNT(numbered)), number = digits(at + n);
        if (n > 0 && number > 0) {
            take_out(at + n, number);
            at += n - 1;
        } else if (*at == '#' && (number = digits(at + 1)) > 0 && at[1 + number] == '}') {
            take_out(at, 1 + number);
        }
    }
}

/* Of a Rust function the path: "<TYPE as TRAIT>::f" is TYPE::f, or, where the type has no path
 * (usize, a type parameter), TRAIT::f; and "f::<T>" is f<T>.  gcc's lambdas have that form, too. */
static EPI_SAFE void cut_rust_path(char *name)
{
    size_t end = 0, as = 0;
    uint32_t depth = 0;
    bool path = false;
    for (char *at = name; *at != '\0'; at++)
        if (epi_name_begins(at, "::<") && !epi_name_begins(at, "::<lambda"))
            take_out(at, 2);
    if (name[0] != '<')
        return;
    for (; name[end] != '\0'; end++) {
        if (name[end] == '<')
            depth++;
        else if (name[end] == '>' && name[end - 1] != '-' && --depth == 0) /* not "fn() -> T" */
            break;
        else if (depth == 1 && as == 0 && epi_name_begins(name + end, " as "))
            as = end;
        path = path || (as == 0 && epi_name_begins(name + end, "::"));
    }
    if (name[end] == '\0')
        return;
    if (as > 0 && path) {
        take_out(name + as, end + 1 - as);
        take_out(name, 1);
    } else {
        take_out(name + end, 1);
        take_out(name, as > 0 ? as + sizeof " as " - 1 : 1);
    }
}

static EPI_SAFE void trim(char *name)
{
    while (*name == ' ')
        take_out(name, 1);
    while (cut_end(name, " "))
        continue;
}

static EPI_SAFE void cut_qualifiers(char *name)
{
    while (cut_end(name, " const") || cut_end(name, " volatile") || cut_end(name, " noexcept") ||
           cut_end(name, " &") || cut_end(name, " &&"))
        continue;
}

EPI_SAFE void epi_name_normalize(char *to, const char *name)
{
    static char text[EPI_NAME_MAX]; /* of the crash's owner */
    size_t size = 0;
    for (; name[size] != '\0' && name[size] != '@' && size < sizeof text - 1; size++)
        text[size] = name[size];
    text[size] = '\0';
    cut_cgo_hash(text);
    cut_rust_hash(text);
    epi_name_cut_clone(text);
    hide_brackets(text);
    cut_brackets(text, '[', ']');
    if (epi_name_is_go(text)) {
        cut_end(text, ".abi0");
        cut_end(text, "-fm");
        cut_go_counters(text);
        epi_copy(to, text, sizeof text);
        return;
    }
    cut_c_counters(text);
    cut_rust_path(text);
    cut_brackets(text, '<', '>');
    cut_brackets(text, '(', ')');
    trim(text);
    cut_qualifiers(text);
    show_brackets(to, text);
}

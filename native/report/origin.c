/* Whose code a frame is: by its name, and where that does not tell, by its module. */
#include "origin.h"
#include "names.h"
#include "../base/base.h"

static EPI_SAFE bool begins_with_one(const char *name, const char *const *starts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (epi_name_begins(name, starts[i]))
            return true;
    return false;
}

static EPI_SAFE bool is_one(const char *list, const char *name)
{
    return epi_name_listed(list, name, epi_strlen(name));
}

/* Where threads, programs and goroutines start, and where Go and C call each other. */
static EPI_SAFE bool is_plumbing(const char *name)
{
    static const char names[] =
        " _start _start_c __libc_start_main __libc_start_call_main __libc_start_main_impl "
        "libc_start_main_stage2 start_thread start clone clone3 __clone __clone3 "
        "thread_start runtime.goexit runtime.main runtime.rt0_go runtime.mstart "
        "runtime.mstart0 runtime.mstart1 runtime.mcall runtime.systemstack "
        "runtime.systemstack_switch runtime.cgocall runtime.asmcgocall "
        "runtime.asmcgocall_landingpad runtime.cgocallback runtime.cgocallbackg "
        "runtime.cgocallbackg1 crosscall2 crosscall1 threadentry x_cgo_thread_start ";
    return is_one(names, name) || epi_name_begins(name, "_cgo_") ||
           epi_name_begins(name, "_cgoexp_");
}

static EPI_SAFE bool is_c_library(const char *module)
{
    static const char *const loaders[] = {"ld-linux",   "ld-musl",    "ld64",
                                          "linux-vdso", "linux-gate", "[vdso]"};
    static const char libraries[] =
        " c m pthread dl rt util resolv nsl anl mvec gcc_s stdc++ c++ c++abi unwind asan tsan "
        "ubsan lsan msan hwasan ";
    const char *base = epi_name_base(module);
    if (begins_with_one(base, loaders, EPI_COUNT(loaders)) ||
        (epi_name_begins(base, "ld-") && base[3] >= '0' && base[3] <= '9'))
        return true;
    if (!epi_name_begins(base, "lib"))
        return false;
    for (size_t i = 3; base[i] != '\0'; i++)
        if ((base[i] == '-' || base[i] == '.') && epi_name_listed(libraries, base + 3, i - 3))
            return true;
    return false;
}

EPI_SAFE bool epi_origin_cxx_library(const char *module)
{
    const char *base = epi_name_base(module);
    return epi_name_begins(base, "libstdc++") || epi_name_begins(base, "libc++");
}

EPI_SAFE bool epi_origin_dynamic_libc(const char *module)
{
    const char *base = epi_name_base(module);
    return epi_name_begins(base, "libc.") || epi_name_begins(base, "libc-") ||
           epi_name_begins(base, "ld-") || epi_name_begins(base, "ld64");
}

EPI_SAFE bool epi_origin_cxx_runtime(const char *name)
{
    static const char names[] = " execute_native_thread_routine rust_begin_unwind rust_panic ";
    static const char *const spaces[] = {"std::",   "__gnu_cxx::", "__cxxabiv1::",      "core::",
                                         "alloc::", "__cxa_",      "_Unwind_",
                                         "__rustc::", "__rust_",   "__gxx_personality"};
    return epi_streq(name, "operator new") || epi_streq(name, "operator delete") ||
           is_one(names, name) || begins_with_one(name, spaces, EPI_COUNT(spaces));
}

/* A header of the C++ library: what is inlined from it has no namespace. */
static EPI_SAFE bool is_cxx_header(const char *file)
{
    static const char include[] = "/include/";
    for (; *file != '\0'; file++) {
        if (!epi_name_begins(file, include))
            continue;
        const char *next = file + sizeof include - 1, *after = next;
        while (*after != '\0' && *after != '/')
            after++;
        if (epi_name_begins(next, "c++/") || (after > next && epi_name_begins(after, "/c++/")))
            return true;
    }
    return false;
}

/* A file of glibc's, with debug information, whose functions are not among its names.  A
 * program may have directories of these names, too: glibc's files in nptl are named for what
 * they are, and those in sysdeps stand in directories for a system or a machine. */
static EPI_SAFE bool is_libc_file(const char *file)
{
    static const char *const files[] = {
        "nptl/pthread_",       "nptl/sem_",          "nptl/futex-internal.",
        "nptl/lowlevellock.",  "nptl/cancellation.", "nptl/allocatestack.",
        "nptl/nptl",           "nptl/libc-",         "nptl/libc_",
        "nptl/thrd_",          "nptl/mtx_",          "nptl/cnd_",
        "nptl/tss_",           "nptl/cleanup",       "nptl/unwind.",
        "sysdeps/unix/",       "sysdeps/posix/",     "sysdeps/nptl/",
        "sysdeps/pthread/",    "sysdeps/generic/",   "sysdeps/gnu/",
        "sysdeps/x86/",        "sysdeps/x86_64/",    "sysdeps/aarch64/",
        "sysdeps/ieee754/",    "sysdeps/wordsize-64/",
    };
    while (epi_name_begins(file, "./") || epi_name_begins(file, "../"))
        file += file[1] == '/' ? 2 : 3;
    return begins_with_one(file, files, EPI_COUNT(files));
}

static EPI_SAFE bool is_epitaph_c(const char *name)
{
    return is_one(" start_with_stack start_of_go epitaph_thread_start ", name) ||
           epi_name_begins(name, "epi_");
}

/* Is PACKAGE, of SIZE bytes, in the program's main module?  BUILD has that behind its first
 * comma. */
static EPI_SAFE bool in_main_module(const char *package, size_t size, const char *build)
{
    size_t n = 0;
    while (build[0] != '\0' && !(build[0] == ',' && build[1] == ' '))
        build++;
    if (build[0] == '\0')
        return false;
    build += 2;
    while (n < size && build[n] != '\0' && build[n] != ' ' && build[n] == package[n])
        n++;
    return n > 0 && (build[n] == '\0' || build[n] == ' ') && (n == size || package[n] == '/');
}

/* Those that programs link.  What is built from the others is a program as any. */
static EPI_SAFE bool is_epitaph_go(const char *package, size_t size)
{
    static const char module[] = "github.com/epitaph-go/epitaph/";
    static const char packages[] = " handler cgo internal native stackfmt report blackbox "
                                   "crashtest crumb ";
    size_t from = sizeof module - 1, to = from;
    if (!epi_name_begins(package, module))
        return false;
    while (to < size && package[to] != '/')
        to++;
    return epi_name_listed(packages, package + from, to - from);
}

static EPI_SAFE bool is_standard_go(const char *package, size_t size)
{
    static const char packages[] =
        " archive arena bufio builtin bytes cmp compress container context crypto database debug "
        "embed encoding errors expvar flag fmt go hash html image index internal io iter log maps "
        "math mime net os path plugin reflect regexp runtime slices sort strconv strings structs "
        "sync syscall testing text time unicode unique unsafe vendor weak simd ";
    size_t n = 0;
    while (n < size && package[n] != '/')
        n++;
    return epi_name_listed(packages, package, n);
}

static EPI_SAFE enum epi_origin origin_of_go(const char *name, const char *build)
{
    const char *function = epi_name_base(name);
    while (*function != '\0' && *function != '.')
        function++;
    size_t size = (size_t)(function - name);
    if (epi_name_begins(function, "._Cfunc_") || epi_name_begins(function, "._cgoexpwrap_"))
        return EPI_OF_PLUMBING;
    if (is_epitaph_go(name, size))
        return EPI_OF_EPITAPH;
    if (in_main_module(name, size, build))
        return EPI_OF_PROGRAM;
    return is_standard_go(name, size) ? EPI_OF_LIBRARY : EPI_OF_PROGRAM;
}

EPI_SAFE bool epi_origin_go_assembly(const char *file)
{
    size_t size = epi_strlen(file);
    return size > 2 && epi_streq(file + size - 2, ".s");
}

/* By the directory, in GOROOT or, with -trimpath, without it: a program may have a src/crypto,
 * too, so that only the packages with such functions count. */
static EPI_SAFE enum epi_origin origin_of_assembly(const char *file)
{
    static const char directories[] =
        " crypto/internal/fips140/aes crypto/internal/fips140/nistec internal/bytealg "
        "internal/runtime/gc/scan runtime runtime/cgo "
        "vendor/golang.org/x/crypto/chacha20poly1305 vendor/golang.org/x/sys/cpu ";
    static const char source[] = "/src/";
    const char *path = file;
    for (const char *c = file; *c != '\0'; c++)
        if (epi_name_begins(c, source))
            path = c + sizeof source - 1;
    size_t size = (size_t)(epi_name_base(path) - path);
    return size > 0 && epi_name_listed(directories, path, size - 1) ? EPI_OF_LIBRARY
                                                                    : EPI_OF_PROGRAM;
}

EPI_SAFE enum epi_origin epi_origin_of(const char *name, const struct epi_origin_hints *hints)
{
    bool module = hints->module[0] != '\0', library = is_c_library(hints->module);
    if (epi_streq(name, "start") && hints->dynamic && module && !library)
        return EPI_OF_PROGRAM; /* not musl's */
    if (is_plumbing(name) || epi_streq(hints->file, "_cgo_export.c"))
        return EPI_OF_PLUMBING;
    if (name[0] == '\0')
        return !module || library ? EPI_OF_LIBRARY : EPI_OF_PROGRAM;
    if (epi_name_is_go(name))
        return origin_of_go(name, hints->build);
    if (hints->go && epi_origin_go_assembly(hints->file))
        return origin_of_assembly(hints->file);
    if (is_epitaph_c(name))
        return EPI_OF_EPITAPH;
    if (library || epi_origin_cxx_runtime(name) || is_cxx_header(hints->file) ||
        ((!hints->dynamic || !module) &&
         (epi_name_is_libc(name) || is_libc_file(hints->file))))
        return EPI_OF_LIBRARY;
    return EPI_OF_PROGRAM;
}

EPI_SAFE bool epi_origin_failure(const char *name)
{
    static const char names[] =
        " raise gsignal abort kill killpg tgkill tkill syscall pthread_kill sigqueue "
        "pthread_sigqueue assert assert_fail assert_perror_fail stack_chk_fail chk_fail "
        "fortify_fail std::terminate std::abort std::process::abort rust_begin_unwind rust_panic "
        "__cxa_throw __cxa_rethrow __cxa_pure_virtual ";
    static const char *const starts[] = {
        "__",
        "std::__",
        "runtime.",
        "core::panicking::",
        "std::panicking::",
        "std::sys::backtrace::__rust_",
        "std::sys::pal::unix::abort_internal",
    };
    return is_one(names, name) || begins_with_one(name, starts, EPI_COUNT(starts));
}

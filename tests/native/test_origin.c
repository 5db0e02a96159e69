/* Whose code a frame is, and what its name is compared by. */
#include "check.h"
#include "names.h"
#include "origin.h"

#include <string.h>

/* Where only its file tells: glibc's is a library's, and a program's own file in a directory of
 * the same name is the program's. */
static void by_file(void)
{
    static const struct {
        const char *file;
        enum epi_origin want;
    } cases[] = {
        {"nptl/futex-internal.c", EPI_OF_LIBRARY},
        {"./nptl/pthread_create.c", EPI_OF_LIBRARY},
        {"../sysdeps/unix/sysv/linux/x86_64/clone3.S", EPI_OF_LIBRARY},
        {"sysdeps/posix/raise.c", EPI_OF_LIBRARY},
        {"nptl/worker.c", EPI_OF_PROGRAM},
        {"./nptl/queue.c", EPI_OF_PROGRAM},
        {"sysdeps/board.c", EPI_OF_PROGRAM},
        {"src/nptl/pthread_pool.c", EPI_OF_PROGRAM},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct epi_origin_hints hints = {.module = "", .file = cases[i].file, .build = ""};
        enum epi_origin is = epi_origin_of("wait_for_work", &hints);
        CHECK(is == cases[i].want, "%s: %d", cases[i].file, (int)is);
    }
}

/* Functions of Go's assembly that are local to their files have no package. */
static void of_assembly(void)
{
    static const struct {
        const char *file;
        bool go;
        enum epi_origin want;
    } cases[] = {
        {"/usr/local/go/src/internal/bytealg/compare_amd64.s", true, EPI_OF_LIBRARY},
        {"/home/me/src/go/src/runtime/asm_amd64.s", true, EPI_OF_LIBRARY},
        {"runtime/asm_arm64.s", true, EPI_OF_LIBRARY}, /* -trimpath */
        {"/home/me/src/hash/sum_amd64.s", true, EPI_OF_PROGRAM},
        {"/src/internal/simd/add_amd64.s", true, EPI_OF_PROGRAM},
        {"/home/me/go/pkg/mod/example.com/x@v1.0.0/hash/sum_amd64.s", true, EPI_OF_PROGRAM},
        {"example.com/x@v1.0.0/hash/sum_amd64.s", true, EPI_OF_PROGRAM},
        {"/usr/src/hash/sum.s", false, EPI_OF_PROGRAM}, /* of C's */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct epi_origin_hints hints = {
            .module = "", .file = cases[i].file, .build = "", .go = cases[i].go};
        enum epi_origin is = epi_origin_of("cmpbody", &hints);
        CHECK(is == cases[i].want, "%s: %d", cases[i].file, (int)is);
    }
}

/* As report's TestSignature, TestSummaryOfRust. */
static void of_rust(void)
{
    static const struct {
        const char *name, *want;
        enum epi_origin from;
    } cases[] = {
        {"<words::Frame as core::fmt::Display>::fmt", "words::Frame::fmt", EPI_OF_PROGRAM},
        {"<words::Table<K,V> as core::iter::Iterator>::next", "words::Table::next", EPI_OF_PROGRAM},
        {"<F as words::Run>::run::<fn(u8) -> u8>", "words::Run::run", EPI_OF_PROGRAM},
        {"<words::Table<fn(u8) -> u8>>::at", "words::Table::at", EPI_OF_PROGRAM},
        {"<usize as core::slice::index::SliceIndex<[T]>>::index",
         "core::slice::index::SliceIndex::index", EPI_OF_LIBRARY},
        {"<alloc::vec::Vec<T,A> as core::ops::index::Index<I>>::index", "alloc::vec::Vec::index",
         EPI_OF_LIBRARY},
        {"std::sys::backtrace::__rust_end_short_backtrace::<std::panicking::f::{closure#0}, !>",
         "std::sys::backtrace::__rust_end_short_backtrace", EPI_OF_LIBRARY},
        {"__rustc::rust_begin_unwind", "__rustc::rust_begin_unwind", EPI_OF_LIBRARY},
        {"<words::Cut as core::fmt", "", EPI_OF_LIBRARY},
        {"ns::f(int)::<lambda(char)>::operator()(char) const", "ns::f::::operator()",
         EPI_OF_PROGRAM},
    };
    struct epi_origin_hints hints = {.module = "", .file = "", .build = ""};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[EPI_NAME_MAX];
        epi_name_normalize(name, cases[i].name);
        CHECK(strcmp(name, cases[i].want) == 0, "%s: %s", cases[i].name, name);
        enum epi_origin is = epi_origin_of(name, &hints);
        CHECK(is == cases[i].from, "%s: %d", cases[i].name, (int)is);
    }
    CHECK(epi_origin_failure("core::panicking::panic_fmt") &&
              !epi_origin_failure("core::option::unwrap_failed"),
          "what leads to abort and what says why");
}

int main(void)
{
    by_file();
    of_assembly();
    of_rust();
    return check_result();
}

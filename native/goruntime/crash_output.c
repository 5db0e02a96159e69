/* Reads what Go has written when it died: the file that the runtime copied its
 * last words to, and before those its ring of earlier prints. */
#include "crash_output.h"
#include "goparts.h"
#include "goside.h"
#include "../base/base.h"
#include "../base/fd.h"
#include "../base/system.h"
#include "../unwind/gostack.h"
#include "../unwind/program.h"
#include "../text/cut.h"
#include "../text/out.h"
#include "../incident/incident.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* The file has its full size from the start and cannot grow: a write behind
 * it fails, and Go goes on.  A sparse page costs nothing. */
#define FILE_SIZE ((uint64_t)64 << 20)

static int open_high(void)
{
    struct rlimit limit;
    uint64_t size = FILE_SIZE;
    /* A write behind that limit would be a signal. */
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        limit.rlim_cur < size)
        size = limit.rlim_cur / 2;
    int fd = memfd_create("epitaph", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    int copy = epi_fd_duplicate(fd);
    close(fd);
    if (copy >= 0 && (ftruncate(copy, (off_t)size) != 0 ||
                      fcntl(copy, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) != 0)) {
        close(copy);
        return -1;
    }
    return copy;
}

int epi_crash_output_open(void)
{
    struct epi_crash_output *text = &epi_goside.crash_output;
    if (!epi_fd_valid(&text->file))
        text->file = epi_fd_of(open_high());
    if (text->file.fd < 0)
        return -1;
    return epi_fd_duplicate(text->file.fd);
}

bool epi_crash_output_is(int fd)
{
    struct epi_fd other = epi_goside.crash_output.file;
    other.fd = fd;
    return epi_fd_valid(&other);
}

static EPI_SAFE long read_at(const struct epi_crash_output *text, char *to, size_t size,
                             uint64_t offset)
{
    for (;;) {
        long n = epi_syscall6(SYS_pread64, text->file.fd, (long)to, (long)size, (long)offset,
                              0, 0);
        if (n != -EINTR)
            return n;
    }
}

static EPI_SAFE bool begins(const char *text, const char *with)
{
    return epi_equal(text, with, epi_strlen(with));
}

/* The ring, oldest byte first. */
static EPI_SAFE size_t copy_backlog(char *to)
{
    const struct epi_goruntime *go = epi_program.go;
    size_t size = 0;
    if (go == NULL || go->backlog == 0)
        return 0;
    const char *ring = (const char *)go->backlog;
    uint64_t index = __atomic_load_n((const uint64_t *)go->backlog_index, __ATOMIC_SEQ_CST);
    for (uint64_t i = 0; i < EPI_BACKLOG; i++) {
        char c = ring[(index + i) % EPI_BACKLOG];
        if (c != '\0' || size > 0) /* never written */
            to[size++] = c;
    }
    to[size] = '\0';
    return size;
}

/* Lines that the runtime prints right before a fatal error, and that belong to
 * it (runtime/signal_unix.go, sigpanic; stack.go, newstack; panic.go,
 * printPreFatalDeferPanic).  A line that goes on begins with a tab. */
static EPI_SAFE bool belongs(const char *line)
{
    static const char *const before[] = {
        "runtime: ", "panic: ", "unexpected fault address ", "accessed data from freed ",
    };
    for (size_t i = 0; i < EPI_COUNT(before); i++)
        if (begins(line, before[i]))
            return true;
    return false;
}

/* Can a line stand between such a line and the error?  "runtime: morestack on g0, stack
 * [..." has a traceback behind it, and an empty line (runtime/proc.go, badmorestackg0);
 * "runtime: marked free object in span ..." a list of addresses (mgcsweep.go,
 * reportZombies). */
static EPI_SAFE bool may_belong(const char *line)
{
    size_t size = 0;
    while (line[size] != '\0' && line[size] != '\n')
        size++;
    return size == 0 || line[0] == '\t' || line[size - 1] == ')' || begins(line, "0x");
}

/* Where the message begins in the backlog; SIZE when there is none.  START is
 * where its last line, that of the error itself, does.  At the end of TEXT there
 * is a NUL, which ends every comparison. */
static EPI_SAFE size_t find_message(const char *text, size_t size, size_t *start)
{
    size_t at = size, line = 0;
    for (size_t i = 0; i < size; i++) {
        if (i == 0 || text[i - 1] == '\n')
            line = i;
        if (begins(text + i, "fatal error: ") && (i == line || text[i - 1] == '\t')) {
            at = line;
            *start = i;
        }
    }
    if (at == size)
        return size;
    for (size_t i = at; i > 0;) {
        size_t before = i - 1; /* the newline */
        while (before > 0 && text[before - 1] != '\n')
            before--;
        if (belongs(text + before))
            at = before;
        else if (!may_belong(text + before))
            break;
        i = before;
    }
    return at;
}

/* Where LINE has no end before END, that of what was read, it is cut. */
static EPI_SAFE void set_title(struct epi_crash_output *text, const char *line, const char *end)
{
    static const char more[] = "...";
    size_t size = 0;
    while (line + size < end && line[size] != '\0' && line[size] != '\n')
        size++;
    bool cut = line + size == end;
    size = cut ? epi_cut_utf8(line, size) : size;
    epi_copy(text->title, line, size);
    epi_copy(text->title + size, more, cut ? sizeof more : 0);
    text->title[cut ? size + sizeof more - 1 : size] = '\0';
}

EPI_SAFE void epi_crash_output_collect(struct epi_crash_output *text)
{
    char backlog[EPI_BACKLOG + 1];
    text->size = text->message_size = 0;
    text->title[0] = '\0';
    if (epi_fd_valid(&text->file)) {
        long size = epi_syscall6(SYS_lseek, text->file.fd, 0, SEEK_CUR, 0, 0, 0);
        text->size = size > 0 ? (uint64_t)size : 0;
    }
    if (text->size > 0) {
        long n = read_at(text, backlog, EPI_BACKLOG, 0);
        backlog[n > 0 ? n : 0] = '\0';
        /* A panic, or a signal such as SIGQUIT, is all there. */
        if (begins(backlog, "panic: ") || begins(backlog, "SIG") ||
            begins(backlog, "Signal ")) {
            set_title(text, backlog, backlog + EPI_BACKLOG);
            return;
        }
    }
    size_t size = copy_backlog(backlog), start = 0;
    size_t at = find_message(backlog, size, &start);
    if (at == size)
        return;
    /* What follows it is its other lines.  A program that printed something since
     * is not dying of it. */
    for (size_t i = start; i + 1 < size; i++)
        if (backlog[i] == '\n' && backlog[i + 1] != '\t')
            return;
    set_title(text, backlog + start + epi_strlen("fatal error: "), backlog + sizeof backlog);
    for (size_t i = at; i < size; i++)
        text->message[text->message_size++] = backlog[i];
    text->message[text->message_size] = '\0';
}

EPI_SAFE size_t epi_crash_output_head(const struct epi_crash_output *text, char *to, size_t size)
{
    long n = text->size == 0 ? 0 : read_at(text, to, size < text->size ? size : text->size, 0);
    return n > 0 ? (size_t)n : 0;
}

/* So much of a text is looked at for the message of a panic. */
#define PANICS 2048

EPI_SAFE bool epi_crash_output_panics(const struct epi_crash_output *text, const char *message, size_t size)
{
    static const char prefix[] = "panic: ";
    const size_t skip = sizeof prefix - 1;
    char buffer[PANICS + 1];
    long n = read_at(text, buffer, PANICS, 0);
    buffer[n > 0 ? n : 0] = '\0';
    /* The lines of panics come first: those that one arose in, then it. */
    for (size_t i = 0; buffer[i] != '\0' && !begins(buffer + i, "goroutine "); i++)
        if (begins(buffer + i, prefix) && (i == 0 || buffer[i - 1] == '\n' || buffer[i - 1] == '\t') &&
            i + skip + size <= (size_t)n && epi_equal(buffer + i + skip, message, size))
            return true;
    return false;
}

static EPI_SAFE void heading(struct epi_out *out, const struct epi_crash_output *text)
{
    epi_out_text(out, "Go's own report (");
    if (text->size > EPI_CRASH_OUTPUT_MAX) {
        epi_out_text(out, "the first ");
        epi_out_decimal(out, (int64_t)EPI_CRASH_OUTPUT_MAX);
        epi_out_text(out, " of ");
        epi_out_decimal(out, (int64_t)text->size);
        epi_out_text(out, " bytes, ");
    }
    if (text->size == 0)
        epi_out_text(out, "only its message, from the print backlog):\n");
    else if (text->message_size == 0)
        epi_out_text(out, "from the crash output):\n");
    else
        epi_out_text(out, "from the crash output, its message from the print backlog):\n");
}

EPI_SAFE void epi_report_crash_output(struct epi_incident *incident)
{
    const struct epi_crash_output *text = &epi_goside.crash_output;
    struct epi_out *out = &incident->out;
    char buffer[1024 + 1];
    if (text->size == 0 && text->message_size == 0)
        return; /* noted among the notes */
    heading(out, text);
    epi_out_lines(out, text->message, text->message_size, false);
    uint64_t end = text->size < EPI_CRASH_OUTPUT_MAX ? text->size : EPI_CRASH_OUTPUT_MAX;
    size_t kept = 0;
    for (uint64_t at = 0; at < end;) {
        size_t room = sizeof buffer - 1 - kept;
        long n = read_at(text, buffer + kept, end - at < room ? end - at : room, at);
        if (n <= 0)
            break;
        at += (uint64_t)n;
        size_t size = kept + (size_t)n;
        buffer[size] = '\0';
        kept = epi_out_rest(out, buffer, size, at < end);
    }
    epi_out_fresh_line(out);
    epi_out_char(out, '\n');
}

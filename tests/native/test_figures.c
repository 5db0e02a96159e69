/* The numbers in the small files of the kernel, as kernels and cgroups of both versions
 * write them. */
#include "check.h"
#include "figures.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define EVENTS  "low 0\nhigh 0\nmax 12\noom 4\noom_kill 3\noom_group_kill 1\n"
#define CONTROL "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"
#define STATUS  "Name:\tthreads 9\nUmask:\t0022\nVmRSS:\t    1234 kB\nThreads:\t5"

static void words(void)
{
    static const struct {
        const char *text, *word;
        int64_t want;
    } cases[] = {
        {"536870912\n", "", 536870912}, /* memory.current, memory.max */
        {"max\n", "", EPI_FIGURE_NONE},
        {"9223372036854771712\n", "", EPI_FIGURE_NONE}, /* memory.limit_in_bytes */
        {"99999999999999999999999999\n", "", EPI_FIGURE_NONE},
        {"0\n", "", 0},
        {EVENTS, "oom_kill", 3},
        {EVENTS, "oom", 4},
        {EVENTS, "max", 12},
        {CONTROL, "oom_kill", 2},
        {"oom_kill_disable 0\nunder_oom 0\n", "oom_kill", EPI_FIGURE_UNKNOWN}, /* before 4.13 */
        {STATUS, "VmRSS:", 1234},
        {STATUS, "Threads:", 5},
        {STATUS, "threads", EPI_FIGURE_UNKNOWN}, /* not at the start of a line */
        {STATUS, "Threads:\t5\n", EPI_FIGURE_UNKNOWN},
        {"oom_kill\n", "oom_kill", EPI_FIGURE_UNKNOWN},
        {"oom_kill ", "oom_kill", EPI_FIGURE_UNKNOWN},
        {"oom_kill x1\n", "oom_kill", EPI_FIGURE_UNKNOWN},
        {"", "oom_kill", EPI_FIGURE_UNKNOWN},
        {"", "", EPI_FIGURE_UNKNOWN},
        {"\n\n\n", "", EPI_FIGURE_UNKNOWN},
        {"-1\n", "", EPI_FIGURE_UNKNOWN},
    };
    for (size_t i = 0; i < EPI_COUNT(cases); i++) {
        int64_t got = epi_figure_in(cases[i].text, cases[i].word);
        CHECK(got == cases[i].want, "case %zu: %lld", i, (long long)got);
    }
}

static void fields(void)
{
    CHECK(epi_figure_at("5120 301 200 1 0 100 0\n", 1) == 301, "statm");
    CHECK(epi_figure_at("5120 301", 0) == 5120, "the first");
    CHECK(epi_figure_at("5120 301", 1) == 301, "the last");
    CHECK(epi_figure_at("5120 301", 2) == EPI_FIGURE_UNKNOWN, "one too many");
    CHECK(epi_figure_at("", 1) == EPI_FIGURE_UNKNOWN, "empty");
}

static void files(void)
{
    char text[128], path[] = "/tmp/figures-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0 && !epi_figures_read(path, text, sizeof text), "an empty file");
    CHECK(write(fd, CONTROL, strlen(CONTROL)) == (ssize_t)strlen(CONTROL), "write");
    CHECK(epi_figures_read(path, text, sizeof text) && strcmp(text, CONTROL) == 0, "%s", text);
    CHECK(epi_figures_read(path, text, 9) && strcmp(text, "oom_kill") == 0, "cut: %s", text);
    unlink(path);
    CHECK(!epi_figures_read(path, text, sizeof text), "none");
    CHECK(epi_figures_read("/proc/self/statm", text, sizeof text) && epi_figure_at(text, 1) > 0,
          "%s", text);

    /* Without a free descriptor nothing is known, and nothing else happens. */
    struct rlimit limit, none;
    getrlimit(RLIMIT_NOFILE, &limit);
    none = limit;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    CHECK(!epi_figures_read("/proc/self/statm", text, sizeof text), "without descriptors");
    setrlimit(RLIMIT_NOFILE, &limit);
    close(fd);
}

int main(void)
{
    words();
    fields();
    files();
    return check_result();
}

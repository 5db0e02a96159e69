/* What a thread has written to standard error a moment ago: what of it is kept, and for how
 * long. */
#include "check.h"
#include "clock.h"
#include "incident.h"
#include "lastwords.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static _Thread_local char words[EPI_WORDS];

static const char *last_at(uint64_t now)
{
    memset(words, 'x', sizeof words);
    size_t size = epi_words_last(epi_gettid(), now, words);
    CHECK(size < sizeof words && size == strnlen(words, sizeof words), "%zu", size);
    return words;
}

/* The time before the thread's last write: how long it has waited for a processor since then
 * makes no difference. */
static _Thread_local uint64_t before;

static const char *last(void)
{
    return last_at(before);
}

static void say(const char *text)
{
    before = epi_now();
    CHECK(write(STDERR_FILENO, text, strlen(text)) == (ssize_t)strlen(text), "%s", text);
}

static void *pieces(void *unused)
{
    struct iovec parts[] = {{"full\n", 5}, {"", 0}, {"giving up\n", 10}};
    CHECK(strcmp(last(), "") == 0, "%s", words);
    say("the table ");
    say("is ");
    CHECK(writev(STDERR_FILENO, parts, 3) == 15, "writev");
    CHECK(strcmp(last(), "the table is full\ngiving up\n") == 0, "%s", words);
    CHECK(strcmp(last_at(before + 900 * EPI_MS), "") != 0, "forgotten within a second");
    CHECK(strcmp(last_at(epi_now() + 1100 * EPI_MS), "") == 0, "%s", words);
    return unused;
}

static ssize_t takes_three(int fd, const void *text, size_t size)
{
    return fd == STDERR_FILENO && text != NULL && size > 3 ? 3 : -1;
}

static ssize_t interrupted(int fd, const void *text, size_t size)
{
    errno = EINTR;
    return fd == STDERR_FILENO && text != NULL && size > 0 ? -1 : 0;
}

/* What was not written is not kept, and errno stays. */
static void *in_part(void *unused)
{
    CHECK(epi_words_write("onetwo", 6, takes_three) == 3, "size");
    CHECK(epi_words_write("three", 5, interrupted) == -1 && errno == EINTR, "errno %d", errno);
    CHECK(strcmp(last(), "one") == 0, "%s", words);
    return unused;
}

/* The last lines, and each of them whole. */
static void *on_and_on(void *unused)
{
    char line[40], all[20000] = "";
    for (int i = 0; i < 500; i++) {
        snprintf(line, sizeof line, "line %d %.*s\n", i, i % 20, "....................");
        say(line);
        strcat(all, line);
        size_t size = strlen(last());
        const char *end = all + strlen(all) - size;
        CHECK(strcmp(words, end) == 0 && size <= 512 && (size > 480 || end == all), "%d: %s", i, words);
        CHECK(end == all || end[-1] == '\n', "%d: begins in a line: %s", i, words);
    }
    for (size_t i = 0; i < sizeof all - 1; i++)
        all[i] = 'a';
    all[sizeof all - 1] = '\0';
    say(all);
    CHECK(strlen(last()) == 512 && strspn(words, "a") == 512, "%s", words);
    return unused;
}

static void backtrace(void)
{
    say("stack backtrace:\n");
    for (int i = 0; i < 200; i++)
        say("  at a function of the backtrace\n");
}

/* As a Rust function with extern "C" ends that panics. */
static void *panics(void *unused)
{
    say("a log line\n");
    say("\nthread 'main' (1) panicked at a.rs:1:2:\nthe reason\n");
    backtrace();
    say("thread '"); /* older Rust, by pieces */
    say("main");
    say("' panicked at core.rs:3:4:\n");
    say("panic in a function that cannot unwind\n");
    backtrace();
    say("aborting.\n");
    static const char begins[] =
        "\nthread 'main' (1) panicked at a.rs:1:2:\nthe reason\n...\n"
        "thread 'main' panicked at core.rs:3:4:\npanic in a function that cannot unwind\n...\n"
        "  at a function";
    CHECK(strncmp(last(), begins, sizeof begins - 1) == 0, "%s", words);
    CHECK(strcmp(words + strlen(words) - 11, "\naborting.\n") == 0, "%s", words);
    return unused;
}

/* Without a backtrace all stands there once. */
static void *short_panics(void *unused)
{
    static const char text[] = "\nthread 'a' (1) panicked at a.rs:1:2:\nthe reason\n"
                               "\nthread 'a' (1) panicked at b.rs:1:2:\nin a destructor\n"
                               "\nthread 'a' (1) panicked at c.rs:1:2:\ncannot unwind\n";
    say(text);
    CHECK(strcmp(last(), text) == 0, "%s", words);
    return unused;
}

/* A thread that writes and writes: what is old is not shown. */
static void *chatter(void *unused)
{
    char line[20];
    for (int i = 0; i < 30; i++) {
        snprintf(line, sizeof line, "line %d.\n", i);
        say(line);
        epi_pause(100 * EPI_MS);
    }
    CHECK(strstr(last(), "line 29.") != NULL && strstr(words, "line 0.") == NULL, "%s", words);
    return unused;
}

/* More threads than there are slots: each finds its own words, or none. */
static void *one_of_many(void *number)
{
    char mine[2] = {(char)('A' + *(int *)number % 26), '\0'};
    for (int i = 0; i < 2000; i++) {
        say(mine);
        size_t size = strlen(last());
        CHECK(strspn(words, mine) == size, "%s: %s", mine, words);
    }
    return NULL;
}

static void many(void)
{
    pthread_t threads[26];
    int numbers[26];
    for (int i = 0; i < 26; i++) {
        numbers[i] = i;
        if (pthread_create(&threads[i], NULL, one_of_many, &numbers[i]) != 0)
            abort();
    }
    for (int i = 0; i < 26; i++)
        pthread_join(threads[i], NULL);
}

/* Each in a thread of its own, which has written nothing before. */
static void run(void *(*test)(void *))
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, test, NULL) != 0)
        abort();
    pthread_join(thread, NULL);
}

static void *unheard(void *unused)
{
    say("nobody listens\n");
    CHECK(strcmp(last(), "") == 0, "%s", words);
    return unused;
}

int main(void)
{
    static struct epi_options options;
    if (dup2(open("/dev/null", O_WRONLY), STDERR_FILENO) < 0)
        abort();
    run(unheard); /* disabled */
    epi_incidents.options = &options;
    run(unheard); /* enabled, without the option */
    options.standard_error = true;
    void *(*const tests[])(void *) = {pieces, in_part, on_and_on, panics, short_panics, chatter};
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        run(tests[i]);
    many();
    epi_incidents.options = NULL;
    return check_result();
}

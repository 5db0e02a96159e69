/* Switching it on and off.  Everything that needs memory, a descriptor, a
 * thread or a lock is got here, so that the handler needs none. */
#include "install.h"
#include "helper.h"
#include "symbols_install.h"
#include "../base/base.h"
#include "../base/clock.h"
#include "../base/fd.h"
#include "../base/output.h"
#include "../base/page.h"
#include "../base/system.h"
#include "../memory/peek.h"
#include "../image/modules.h"
#include "../image/symfile.h"
#include "../image/symbols.h"
#include "../unwind/golayout.h"
#include "../unwind/program.h"
#include "../incident/incident.h"
#include "../incident/process.h"
#include "../incident/reserve.h"
#include "../record/box.h"
#include "../signals/actions.h"
#include "../threads/altstack.h"
#include "../threads/assign.h"
#include "../threads/create.h"
#include "../threads/masks.h"
#include "../threads/service.h"
#include "../threads/wake.h"
#include "../threads/threads.h"
#include "../threads/threads_install.h"
#include "../goruntime/traceback_bit.h"
#include "../report/message.h"
#include "../report/stage.h"
#include "../crash/entry.h"
#include "../crash/sent.h"
#include "../ondemand/dump.h"
#include "../ondemand/dumper.h"
#include "../ondemand/usersignal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

#define REPORT_STACK (64 * 1024)

/* Two copies in one process (an executable and a c-shared library, a plugin)
 * would fight for the handlers.  A handler that is not this copy's but carries
 * the signature is another's.  The bytes are looked at through a system call
 * that fails instead of faulting: its "how" is invalid. */
static bool other_copy(uintptr_t handler)
{
    static const char signature[] = EPI_SIGNATURE;
    uintptr_t at = handler - sizeof signature;
    if (handler <= 4096 || handler == (uintptr_t)epi_arch_handler)
        return false;
    for (uintptr_t word = at; word < handler; word += 8)
        if (epi_syscall6(SYS_rt_sigprocmask, -1, (long)word, 0, 8, 0, 0) == -EFAULT)
            return false;
    return memcmp((const void *)at, signature, sizeof signature) == 0;
}

static void touch(struct epi_range memory)
{
    for (uintptr_t at = memory.start; at < memory.end; at += 4096)
        *(volatile char *)at = 0;
}

static struct epi_range map_stack(struct epi_range have, size_t size)
{
    if (have.end == 0) {
        have = epi_altstack_map(size);
        touch(have);
    }
    return have;
}

static bool prepare_stacks(void)
{
    struct epi_range report = map_stack(epi_incidents.report_stack, REPORT_STACK);
    struct epi_range nested = map_stack(epi_incidents.nested_stack, epi_altstack_size());
    epi_incidents_set_stacks(report, nested);
    return report.end != 0 && nested.end != 0;
}

/* What stays for the life of the process, got once. */
static int prepare(void)
{
    epi_page_learn();
    epi_arch_learn_thread();
    epi_altstacks_prepare(getauxval(AT_MINSIGSTKSZ));
    if (!epi_program_prepare())
        return ENOMEM;
    if (!prepare_stacks())
        return ENOMEM;
    epi_incidents_reserve();
    epi_sent_prepare();
    epi_service_runs(EPI_SERVICE_HELPER, epi_helper);
    epi_service_runs(EPI_SERVICE_DUMPER, epi_dumper);
    int error = epi_service_start(EPI_SERVICE_HELPER);
    if (error == 0)
        epi_create_start();
    return error;
}

/* How many times the table was made: whoever keeps something for it sees that it is another. */
static uint32_t tables_made;

/* A thread that was asked for its stack and got no CPU since may still be at it, with the
 * table that was in force two tables ago. */
static void load_modules(void)
{
    const struct epi_modules *current = epi_program.modules;
    if (current != NULL && (!epi_modules_changed(current) || epi_process()->receivers > 0))
        return;
    epi_program_load();
    tables_made++;
    epi_symfile_map(epi_modules_find(epi_program.modules, getauxval(AT_PHDR)));
    epi_message_start();
}

uint32_t epi_update_modules(void)
{
    const struct epi_modules *current = epi_program.modules;
    if (current != NULL && !epi_crashing() && epi_modules_changed(current) &&
        epi_dump_lock(EPI_MS)) {
        load_modules();
        epi_dump_unlock();
    }
    epi_symbols_release();
    return tables_made;
}

const struct epi_module *epi_module_at(uint32_t i)
{
    const struct epi_modules *table = epi_program.modules;
    return table == NULL || i >= table->count ? NULL : &table->module[i];
}

static void name_output(struct epi_options *options)
{
    char link[32];
    struct stat st;
    size_t room = sizeof options->output_path;
    if (options->output.fd < 0 || fstat(options->output.fd, &st) != 0 || !S_ISREG(st.st_mode))
        return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", options->output.fd);
    ssize_t n = readlink(link, options->output_path, room);
    options->output_path[n > 0 && (size_t)n < room ? n : 0] = '\0'; /* half a path leads anywhere */
}

/* It is there from the container's start, and a sandbox or a full table of descriptors may
 * forbid opening it after the fault.  Never created: then it is not what the kubelet reads.
 * O_NONBLOCK for a path that leads to a pipe.  Reports go on without it. */
static void open_termination(struct epi_options *options, const char *path)
{
    struct stat st;
    options->termination.fd = -1;
    if (path == NULL)
        return;
    int fd = epi_fd_open_high(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        options->termination_error = errno;
    } else if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        options->termination = epi_fd_of(fd);
    } else {
        options->termination_error = EINVAL;
        close(fd);
    }
}

static void close_all(struct epi_options *options)
{
    epi_output_close(&options->output);
    epi_fd_close(&options->directory);
    epi_fd_close(&options->termination);
}

static int set_options(struct epi_options *options, const struct epi_config *config)
{
    memset(options, 0, sizeof *options);
    options->deadline = config->deadline;
    options->started = config->started;
    options->max_frames = config->max_frames;
    options->max_threads = config->max_threads;
    options->native_stack = config->native_stack;
    options->panic_copy = config->panic_copy;
    options->all_threads = config->all_threads;
    options->idle_threads = config->idle_threads;
    options->standard_error = config->standard_error;
    options->chain = config->chain;
    options->takeover = config->takeover;
    options->json = config->json;
    options->quiet = config->quiet;
    options->host_first = config->host_first;
    options->directory.fd = -1;
    if (config->directory != NULL) {
        options->directory = epi_fd_of(epi_fd_open_high(config->directory, O_RDONLY | O_DIRECTORY));
        if (options->directory.fd < 0)
            return errno;
        strncpy(options->directory_path, config->directory, sizeof options->directory_path - 1);
    }
    open_termination(options, config->termination);
    options->standard = epi_fd_of(STDERR_FILENO);
    options->output = config->quiet ? epi_fd_of(STDERR_FILENO) : epi_output_open(config->output);
    if (config->quiet) /* known, for dumps whose output is lost, but not the core's */
        options->output.fd = -1;
    if (options->output.fd < 0 && !config->quiet) { /* who dumps has an output of his own */
        int error = errno;
        close_all(options);
        return error;
    }
    name_output(options);
    strncpy(options->program, config->program, sizeof options->program - 1);
    strncpy(options->executable, config->executable, sizeof options->executable - 1);
    strncpy(options->build, config->build, sizeof options->build - 1);
    strncpy(options->note, config->note, sizeof options->note - 1);
    return 0;
}

static int find_handlers(int thread_signal)
{
    struct epi_sigaction action;
    if (epi_incidents.options != NULL)
        return 0;
    for (int i = 0; i < EPI_FATAL_COUNT; i++) {
        if (!epi_sigaction(epi_fatal[i], NULL, &action))
            return EINVAL;
        if (other_copy(action.handler))
            return EBUSY;
    }
    return epi_actions_prepare(thread_signal, epi_stage_interrupt);
}

static enum epi_role role_of(int fatal)
{
    return fatal == SIGABRT ? EPI_ROLE_ABORT : EPI_ROLE_FAULT;
}

static void install(void)
{
    struct epi_sigaction ours = epi_action_make(epi_arch_handler);
    for (int i = 0; i < EPI_FATAL_COUNT; i++)
        epi_action_claim(epi_fatal[i], role_of(epi_fatal[i]), &ours);
    ours = epi_action_make(epi_stage_interrupt);
    ours.flags &= ~(unsigned long)SA_RESTART; /* its purpose is to end a write that blocks */
    epi_action_claim(epi_actions.deadline_signal, EPI_ROLE_SERVICE, &ours);
}

/* What the program has set since a dump turned on a quiet core is what was there before
 * epi_enable.  A library's handler has ours as its next, perhaps; it stays in front, as
 * one that came before epi_disable does. */
static void install_after_quiet(void)
{
    struct epi_sigaction now, ours = epi_action_make(epi_arch_handler);
    for (int i = 0; i < EPI_FATAL_COUNT; i++)
        if (epi_sigaction(epi_fatal[i], NULL, &now) && now.handler <= (uintptr_t)SIG_IGN)
            epi_action_claim(epi_fatal[i], role_of(epi_fatal[i]), &ours);
    epi_actions_put_back();
}

/* The configuration that was in force until now.  A crash that has begun since
 * goes on using it. */
static void release(struct epi_options *options)
{
    if (!epi_crashing())
        close_all(options);
}

static int enable(const struct epi_config *config, const struct epi_options *old,
                  struct epi_options *next)
{
    int error = find_handlers(config->thread_signal);
    if (error == 0)
        error = prepare();
    if (error == 0)
        error = epi_usersignal_renew();
    int thread_signal = 0;
    if (error == 0)
        error = epi_threads_prepare(config->thread_signal, &thread_signal);
    if (error == 0)
        error = set_options(next, config);
    if (error != 0)
        return error;
    /* Last: behind this nothing fails. */
    if (config->box >= 0 && (error = epi_box_attach(config->box, config->box_path)) != 0) {
        close_all(next);
        return error;
    }
    epi_peek_mind_tracer();
    load_modules();
    if (epi_process()->pid == 0) /* a child of a process that was reporting, perhaps */
        epi_notes_freeze(EPI_NOTES_OPEN);
    epi_process()->pid = getpid();
    epi_incidents_use(next);
    epi_threads_install(thread_signal);
    epi_message_start();
    if (old == NULL)
        install();
    else if (config->quiet) {
        epi_actions_give_way();
        epi_actions_put_back();
    } else if (old->quiet)
        install_after_quiet();
    else
        epi_action_renew();
    epi_assign_start();
    if (config->quiet)
        epi_traceback_bit_stop();
    else
        epi_traceback_bit_start();
    epi_helper_wake();
    if (old != NULL)
        release(epi_incidents_slot_of(old));
    return 0;
}

/* Longer than any dump takes that finishes. */
#define TURN (10 * EPI_SECOND)

int epi_enable(const struct epi_config *config, const struct epi_goruntime *go)
{
    const struct epi_options *old = epi_incidents.options;
    struct epi_options *next = epi_incidents_free_slot();
    int error = epi_process_start();
    if (error != 0 || epi_crashing())
        return error != 0 ? error : EAGAIN;
    epi_program_set_go(go);
    if (!epi_dump_lock(TURN)) /* what changes now, a dump uses */
        return epi_crashing() ? EAGAIN : ETIMEDOUT;
    error = enable(config, old, next);
    epi_dump_unlock();
    return error;
}

/* A thread that was asked for its stack and got no CPU since may still read
 * memory that is not there.  False: then the handlers of such faults stay; they
 * hand on what is not theirs. */
static bool wait_for_receivers(void)
{
    uint64_t end = epi_now() + EPI_SECOND;
    while (epi_process()->receivers > 0 && epi_now() < end)
        usleep(1000);
    return epi_process()->receivers == 0;
}

/* A thread that takes a fault's signal for blocked would be ended by one that is sent.  Go
 * blocks all for the moment in which it makes a thread. */
static bool wait_for_masks(void)
{
    uint64_t end = epi_now() + 20 * EPI_MS;
    while (epi_mask_any_believed() && epi_now() < end)
        usleep(1000);
    return !epi_mask_any_believed();
}

static void release_fatal(bool receivers_done, bool masks_done)
{
    for (int i = 0; i < EPI_FATAL_COUNT; i++) {
        int signal = epi_fatal[i];
        bool load = signal == SIGSEGV || signal == SIGBUS;
        bool masked = load || signal == SIGFPE || signal == SIGILL;
        if ((receivers_done || !load) && (masks_done || !masked))
            epi_action_release(signal);
    }
}

bool epi_disable(void)
{
    const struct epi_options *old = epi_incidents.options;
    if (old == NULL)
        return false;
    if (!epi_dump_lock(0)) /* a crash, which needs its handlers to the end */
        return true;
    /* A handler reads the options before and after it has made itself the owner,
     * and the owner is looked for after the options are gone: one sees the other. */
    epi_incidents_use(NULL);
    if (epi_crashing()) {
        epi_incidents_use(old);
        epi_dump_unlock();
        return true;
    }
    epi_actions_give_way(); /* or a library's handler and ours would call each other */
    epi_message_stop();
    epi_traceback_bit_stop(); /* while its SIGABRT still comes to the core */
    bool receivers_done = wait_for_receivers();
    release_fatal(receivers_done, wait_for_masks());
    epi_assign_stop();
    epi_signal_release(epi_actions.deadline_signal);
    epi_signal_release(epi_actions.thread_signal);
    release(epi_incidents_slot_of(old));
    epi_dump_unlock();
    return true;
}

int epi_termination_error(void)
{
    const struct epi_options *options = epi_incidents.options;
    return options == NULL ? 0 : options->termination_error;
}

enum epi_enabled epi_enabled(void)
{
    const struct epi_options *options = epi_incidents.options;
    return options == NULL ? EPI_OFF : options->quiet ? EPI_QUIET : EPI_ON;
}

#ifdef EPI_TEST
size_t epi_test_stack_use(void)
{
    uintptr_t at = epi_incidents.report_stack.start;
    while (at < epi_incidents.report_stack.end && *(const uint64_t *)at == 0)
        at += 8;
    return epi_incidents.report_stack.end - at;
}
#endif

/* Which names are libc's, and by which name a program calls a function of it
 * (report/libc.go). */
#include "names.h"
#include "../base/base.h"

EPI_SAFE bool epi_name_begins(const char *text, const char *start)
{
    while (*start != '\0' && *text == *start)
        text++, start++;
    return *start == '\0';
}

EPI_SAFE bool epi_name_listed(const char *list, const char *word, size_t size)
{
    for (size_t i = 0; size > 0 && list[i] != '\0'; i++) {
        size_t n = 0;
        if (list[i] != ' ')
            continue;
        while (n < size && list[i + 1 + n] == word[n])
            n++;
        if (n == size && list[i + 1 + n] == ' ')
            return true;
    }
    return false;
}

EPI_SAFE const char *epi_name_base(const char *path)
{
    const char *base = path;
    for (; *path != '\0'; path++)
        if (*path == '/')
            base = path + 1;
    return base;
}

EPI_SAFE bool epi_name_is_go(const char *name)
{
    const char *first = epi_name_base(name), *at = first;
    for (; *at != '\0' && *at != '.'; at++)
        if (*at == '(' || *at == '<' || *at == ':' || *at == ' ')
            return false;
    return *at == '.' && at > first;
}

static const char libc_names[] =
    " memcpy memmove memset memcmp memchr memrchr mempcpy memmem memccpy rawmemchr bcopy "
    "bzero bcmp explicit_bzero strlen strnlen strcpy strncpy stpcpy stpncpy strlcpy "
    "strlcat strcat strncat strcmp strncmp strcasecmp strncasecmp strchr strrchr "
    "strchrnul strstr strcasestr strspn strcspn strpbrk strtok strtok_r strsep strdup "
    "strndup strcoll strxfrm strerror strerror_r strsignal wcslen wcsnlen wcscpy wcsncpy "
    "wcscat wcscmp wcsncmp wcschr wmemcpy wmemset wmemcmp wmemchr malloc calloc realloc "
    "reallocarray free cfree memalign aligned_alloc posix_memalign valloc "
    "malloc_usable_size malloc_consolidate malloc_printerr sysmalloc systrim "
    "unlink_chunk tcache_put tcache_get alloc_perturb get_meta alloc_slot alloc_group "
    "enframe nontrivial_free free_group size_to_class a_crash sccp qsort qsort_r bsearch "
    "lfind lsearch tsearch tfind tdelete twalk hsearch msort_with_tmp smoothsort sift "
    "trinkle printf fprintf dprintf sprintf snprintf asprintf vprintf vfprintf vdprintf "
    "vsprintf vsnprintf vasprintf printf_core scanf fscanf sscanf vscanf vfscanf vsscanf "
    "puts fputs fputc putc putchar fwrite fread fgets fgetc getc getchar getline "
    "getdelim ungetc fopen fdopen freopen fclose fflush fseek fseeko ftell ftello rewind "
    "setvbuf setbuf perror flockfile funlockfile ftrylockfile wprintf fwprintf swprintf "
    "atoi atol atoll atof strtol strtoll strtoul strtoull strtod strtof strtold "
    "strtoimax strtoumax exit _exit _Exit quick_exit atexit at_quick_exit on_exit abort "
    "raise gsignal kill killpg tgkill tkill sigqueue sigaction signal sigprocmask "
    "sigsuspend sigwait sigwaitinfo sigtimedwait pause alarm setjmp longjmp siglongjmp "
    "system popen pclose fork vfork execve execv execvp execl execlp posix_spawn wait "
    "waitpid wait4 waitid syscall read write pread pwrite readv writev preadv pwritev "
    "open openat close lseek mmap munmap mprotect madvise mremap msync poll ppoll select "
    "pselect epoll_wait epoll_pwait accept accept4 connect bind listen send sendto "
    "sendmsg recv recvfrom recvmsg ioctl fcntl nanosleep clock_nanosleep usleep sleep "
    "thrd_sleep sched_yield futex clock_gettime gettimeofday time localtime localtime_r "
    "gmtime gmtime_r mktime strftime strptime tzset getenv setenv unsetenv putenv "
    "getaddrinfo freeaddrinfo getnameinfo gethostbyname getpwnam getpwuid opendir "
    "readdir closedir scandir ftw nftw glob regcomp regexec regfree iconv iconv_open "
    "_dlerror_run call_init dl_open_worker dl_open_worker_begin dlopen_doit dlerror_run "
    "get_cie_encoding dlopen dlsym dlclose dl_iterate_phdr dladdr dlerror setlocale "
    "localeconv pthread_create pthread_join pthread_detach pthread_exit pthread_cancel "
    "pthread_kill pthread_self pthread_once pthread_mutex_lock pthread_mutex_trylock "
    "pthread_mutex_timedlock pthread_mutex_unlock pthread_mutex_destroy "
    "pthread_cond_wait pthread_cond_timedwait pthread_cond_signal pthread_cond_broadcast "
    "pthread_rwlock_rdlock pthread_rwlock_wrlock pthread_rwlock_unlock pthread_spin_lock "
    "pthread_barrier_wait pthread_sigmask sem_wait sem_timedwait sem_post sem_open "
    "mq_receive mq_send assert assert_fail stack_chk_fail fortify_fail chk_fail "
    "pthread_clockjoin pthread_join_ex thrd_create thrd_join mtx_lock cnd_wait call_once "
    "start_thread lll_lock_wait floor ceil pow sqrt log exp sin cos tan fmod random "
    "srandom rand srand rand_r drand48 getrandom ";

EPI_SAFE bool epi_name_is_libc(const char *name)
{
    static const char *const reserved[] = {"__", "_IO_", "_int_", "_dl_", "_nl_"};
    for (size_t i = 0; i < EPI_COUNT(reserved); i++)
        if (epi_name_begins(name, reserved[i]))
            return true;
    return epi_name_listed(libc_names, name, epi_strlen(name));
}

static EPI_SAFE bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Is SUFFIX the end of the name of one of several versions of a function, of which libc
 * picks one for the CPU? */
static EPI_SAFE bool is_variant(const char *suffix)
{
    static const char *const families[] = {"avx",   "evex",      "ssse3", "thunderx", "kunpeng",
                                           "oryon", "unaligned", "fma"};
    static const char whole[] = " erms generic mops sve neon mte a64fx falkor asimd nosimd ifunc c "
                                "small impl implementation internal common clock64 time64 ";
    for (const char *at = suffix; *at != '\0'; at++)
        if (!is_word(*at))
            return false;
    for (size_t i = 0; i < EPI_COUNT(families); i++)
        if (epi_name_begins(suffix, families[i]))
            return true;
    if (epi_name_begins(suffix, "sse") && suffix[3] >= '0' && suffix[3] <= '9')
        return true;
    return epi_name_listed(whole, suffix, epi_strlen(suffix));
}

/* NAME loses what says which version it is, and what stands behind that. */
static EPI_SAFE void cut_variants(char *name)
{
    for (;;) {
        size_t at = 0;
        while (name[at] != '\0' && !(name[at] == '_' && is_variant(name + at + 1)))
            at++;
        if (at == 0 || name[at] == '\0')
            return;
        name[at] = '\0';
    }
}

EPI_SAFE void epi_name_make_public(char *name)
{
    static char text[EPI_NAME_MAX]; /* of the crash's owner */
    size_t start = 0;
    if (!epi_name_begins(name, "__"))
        return;
    if (epi_name_begins(name, "__GI_"))
        start = epi_strlen("__GI_");
    if (epi_name_begins(name + start, "__libc_"))
        start += epi_strlen("__libc_");
    while (name[start] == '_')
        start++;
    epi_copy(text, name + start, epi_strlen(name + start) + 1);
    cut_variants(text);
    size_t size = epi_strlen(text);
    if (size > 2 && epi_streq(text + size - 2, "64") &&
        epi_name_listed(libc_names, text, size - 2))
        text[size - 2] = '\0';
    else if (!epi_name_listed(libc_names, text, size))
        return;
    epi_copy(name, text, epi_strlen(text) + 1);
}

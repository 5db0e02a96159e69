package report

import (
	"regexp"
	"strings"
)

// variant is the end of the name of one of several versions of a function, of which the
// C library picks one for the CPU: __memcpy_avx_unaligned_erms, __strlen_evex,
// __memchr_sve.
var variant = regexp.MustCompile(`_(avx\w*|evex\w*|sse\d\w*|ssse3\w*|erms|generic|mops|sve|neon|mte|a64fx|falkor|thunderx\w*|` +
	`kunpeng\w*|oryon\w*|unaligned\w*|asimd|nosimd|ifunc|fma\w*|c|small|impl|implementation|internal|common|clock64|time64)$`)

// publicName returns the name by which a program calls a function of libc, from that of
// the version that is called.
func publicName(name string) string {
	trimmed := strings.TrimPrefix(name, "__GI_")
	trimmed = strings.TrimPrefix(trimmed, "__libc_")
	if !strings.HasPrefix(name, "__") {
		return name
	}
	trimmed = strings.TrimLeft(trimmed, "_")
	for {
		loc := variant.FindStringIndex(trimmed)
		if loc == nil || loc[0] == 0 {
			break
		}
		trimmed = trimmed[:loc[0]]
	}
	if short := strings.TrimSuffix(trimmed, "64"); libcNames[short] {
		return short
	}
	if libcNames[trimmed] {
		return trimmed
	}
	return name
}

// isLibcName reports whether a function of a static program is libc's by its name: one
// of the names that C reserves for it, a public one, or one of the internals of glibc
// and musl that stand in stacks.
func isLibcName(name string) bool {
	return strings.HasPrefix(name, "__") || strings.HasPrefix(name, "_IO_") || strings.HasPrefix(name, "_int_") ||
		strings.HasPrefix(name, "_dl_") || strings.HasPrefix(name, "_nl_") || libcNames[name]
}

// isFailure names the functions by which a program ends itself: they lead from a failed
// check to the signal and say nothing of what failed.
func isFailure(name string) bool {
	switch name {
	case "raise", "gsignal", "abort", "kill", "killpg", "tgkill", "tkill", "syscall", "pthread_kill", "sigqueue",
		"pthread_sigqueue", "assert", "assert_fail", "assert_perror_fail", "stack_chk_fail", "chk_fail", "fortify_fail",
		"std::terminate", "std::abort", "std::process::abort", "rust_begin_unwind", "rust_panic",
		"__cxa_throw", "__cxa_rethrow", "__cxa_pure_virtual":
		return true
	}
	for _, start := range []string{"__", "std::__", "runtime.", "core::panicking::", "std::panicking::",
		"std::sys::backtrace::__rust_", "std::sys::pal::unix::abort_internal"} {
		if strings.HasPrefix(name, start) {
			return true
		}
	}
	return false
}

var libcNames = wordSet(`
	memcpy memmove memset memcmp memchr memrchr mempcpy memmem memccpy rawmemchr bcopy bzero bcmp explicit_bzero
	strlen strnlen strcpy strncpy stpcpy stpncpy strlcpy strlcat strcat strncat strcmp strncmp strcasecmp strncasecmp
	strchr strrchr strchrnul strstr strcasestr strspn strcspn strpbrk strtok strtok_r strsep strdup strndup strcoll
	strxfrm strerror strerror_r strsignal wcslen wcsnlen wcscpy wcsncpy wcscat wcscmp wcsncmp wcschr wmemcpy wmemset
	wmemcmp wmemchr
	malloc calloc realloc reallocarray free cfree memalign aligned_alloc posix_memalign valloc malloc_usable_size
	malloc_consolidate malloc_printerr sysmalloc systrim unlink_chunk tcache_put tcache_get alloc_perturb
	get_meta alloc_slot alloc_group enframe nontrivial_free free_group size_to_class a_crash sccp
	qsort qsort_r bsearch lfind lsearch tsearch tfind tdelete twalk hsearch msort_with_tmp smoothsort sift trinkle
	printf fprintf dprintf sprintf snprintf asprintf vprintf vfprintf vdprintf vsprintf vsnprintf vasprintf printf_core
	scanf fscanf sscanf vscanf vfscanf vsscanf puts fputs fputc putc putchar fwrite fread fgets fgetc getc getchar
	getline getdelim ungetc fopen fdopen freopen fclose fflush fseek fseeko ftell ftello rewind setvbuf setbuf perror
	flockfile funlockfile ftrylockfile wprintf fwprintf swprintf
	atoi atol atoll atof strtol strtoll strtoul strtoull strtod strtof strtold strtoimax strtoumax
	exit _exit _Exit quick_exit atexit at_quick_exit on_exit abort raise gsignal kill killpg tgkill tkill sigqueue
	sigaction signal sigprocmask sigsuspend sigwait sigwaitinfo sigtimedwait pause alarm setjmp longjmp siglongjmp
	system popen pclose fork vfork execve execv execvp execl execlp posix_spawn wait waitpid wait4 waitid
	syscall read write pread pwrite readv writev preadv pwritev open openat close lseek mmap munmap mprotect madvise
	mremap msync poll ppoll select pselect epoll_wait epoll_pwait accept accept4 connect bind listen send sendto
	sendmsg recv recvfrom recvmsg ioctl fcntl nanosleep clock_nanosleep usleep sleep thrd_sleep sched_yield futex
	clock_gettime gettimeofday time localtime localtime_r gmtime gmtime_r mktime strftime strptime tzset
	getenv setenv unsetenv putenv getaddrinfo freeaddrinfo getnameinfo gethostbyname getpwnam getpwuid
	opendir readdir closedir scandir ftw nftw glob regcomp regexec regfree iconv iconv_open
	_dlerror_run call_init dl_open_worker dl_open_worker_begin dlopen_doit dlerror_run get_cie_encoding
	dlopen dlsym dlclose dl_iterate_phdr dladdr dlerror setlocale localeconv
	pthread_create pthread_join pthread_detach pthread_exit pthread_cancel pthread_kill pthread_self pthread_once
	pthread_mutex_lock pthread_mutex_trylock pthread_mutex_timedlock pthread_mutex_unlock pthread_mutex_destroy
	pthread_cond_wait pthread_cond_timedwait pthread_cond_signal pthread_cond_broadcast pthread_rwlock_rdlock
	pthread_rwlock_wrlock pthread_rwlock_unlock pthread_spin_lock pthread_barrier_wait pthread_sigmask
	sem_wait sem_timedwait sem_post sem_open mq_receive mq_send assert assert_fail stack_chk_fail fortify_fail chk_fail
	pthread_clockjoin pthread_join_ex thrd_create thrd_join mtx_lock cnd_wait call_once start_thread lll_lock_wait
	floor ceil pow sqrt log exp sin cos tan fmod random srandom rand srand rand_r drand48 getrandom
	`)

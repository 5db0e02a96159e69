package report_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestSummary has the sentence of each report in testdata.
func TestSummary(t *testing.T) {
	want := map[string]string{
		"segv":            "SIGSEGV in clamp (decoder.c:17), called from main.(*Decoder).Next (decode.go:88): write through a NULL pointer + 8",
		"sentence":        "SIGSEGV in clamp (decoder.c:17), called from main.(*Decoder).Next (decode.go:88): write through a NULL pointer + 8",
		"real-null":       "SIGSEGV in crash_null_write (pointers.c:23), called from main.decodeOne (places.go:92): write through a NULL pointer + 8",
		"real-doublefree": "SIGABRT in free, called by crash_double_free (heap.c:27), called from main.goVisit (visit.go:13): double free or corruption (!prev)",
		"real-cxx":        "SIGABRT in crash_cxx_throw (cxx.cc:13), called by demo_caller (places.c:28): terminate called after throwing an instance of 'std::runtime_error'; what(): nobody catches this",
		"real-musl":       "SIGSEGV in strlen, called by crash_strlen_null (pointers.c:35), called from main.decodeOne (places.go:92): read through a NULL pointer",
		"real-deadlock":   "timeout of 0.5 s in main.transfer (hang.go:80), called by main.transferAll (hang.go:65): sync.Mutex.Lock, 2 goroutines",
		"real-later":      "timeout of 1 s in demo_wait_for_answer (wait.c:21), called from main.askSlowly (later.go:64): pthread_cond_timedwait",
		"real-panic":      "panic in main.serve (panic.go:101): serving a request: query profile failed",
		"real-fatal":      "fatal error in sync.(*Mutex).Unlock, called by main.serve (panic.go:98): sync: unlock of unlocked mutex",
		"panic":           "panic in main.main (g.go:9): runtime error: index out of range [5] with length 3",
		"dump":            "dump in main.f (g.go:9), called by main.main (g.go:11)",
		"bare":            "SIGTRAP: address unknown: the kernel gives none",
	}
	for name := range samples(t) {
		got := sample(t, name).Summary()
		if sentence, listed := want[name]; listed {
			equal(t, name, got, sentence)
		}
		if strings.ContainsAny(got, "\n\t") || got == "" || len(got) > 600 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A Rust panic leads to abort by functions of Rust's own, which say nothing of what failed. The
// stacks are those of rustc 1.95; the core has the same rules (tests/lastwords TestRustPanic).
func TestSummaryOfRust(t *testing.T) {
	panics := []string{"raise", "abort", "std::sys::pal::unix::abort_internal", "std::process::abort", "__rustc::__rust_abort",
		"__rustc::__rust_start_panic", "__rustc::rust_panic", "std::panicking::panic_with_hook", "std::panicking::panic_handler::{closure#0}",
		"std::sys::backtrace::__rust_end_short_backtrace::<std::panicking::panic_handler::{closure#0}, !>", "__rustc::rust_begin_unwind",
		"core::panicking::panic_fmt"}
	for want, from := range map[string][]string{
		"rust_words": {"rust_words"},
		"core::option::unwrap_failed, called by words::inner": {"core::panicking::panic", "core::option::unwrap_failed", "words::inner"},
		"alloc::vec::Vec::index, called by words::at":         {"core::panicking::panic_bounds_check", "<usize as core::slice::index::SliceIndex<[T]>>::index", "<alloc::vec::Vec<T,A> as core::ops::index::Index<I>>::index", "words::at"},
		"<words::Frame as core::fmt::Display>::fmt":           {"<words::Frame as core::fmt::Display>::fmt"},
	} {
		r := stackOf(slices.Concat(panics, from, []string{"runtime.asmcgocall"})...)
		if got := r.Summary(); !strings.HasPrefix(got, "SIGABRT in "+want+" (") {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// How many wait for the same is said of all that do, however long; tests/native/test_hang.c
// has the same cases for the core.
func TestSummaryCountsAll(t *testing.T) {
	const frames = " (most recent call first):\n  File \"/srv/a.go\", line 17 in main.wait\n\n"
	for text, want := range map[string]string{
		"Goroutine 1 [sync.Mutex.Lock, 5 minutes]": "sync.Mutex.Lock",
		"Goroutine 1 [sync.Mutex.Lock, 5 minutes]|Goroutines 2, 3 [sync.Mutex.Lock, 3 minutes]|Goroutine 4 [sync.Mutex.Lock]": "sync.Mutex.Lock, 4 goroutines",
		"Goroutine 4 [sync.Mutex.Lock]|Goroutines 1, 9, ... (7 in all) [sync.Mutex.Lock, 1 to 5 minutes]":                     "sync.Mutex.Lock, 8 goroutines",
		"Goroutine 1 [chan receive, 9 minutes]|Goroutine 2 [sync.RWMutex.Lock, 2 minutes]|Goroutine 3 [sync.Mutex.Lock, 3 minutes]|" +
			"Goroutine 4 [sync.RWMutex.Lock, 5 minutes]|Goroutine 5 [sync.RWMutex.Lock]|Goroutine 6 [sync.Mutex.Lock, 5 minutes]|" +
			"Goroutine 7 [chan receive]": "sync.RWMutex.Lock, 3 goroutines",
	} {
		r := parse(t, "Timeout (0:00:01)!\n\n"+strings.ReplaceAll(text+"|", "|", frames))
		equal(t, text, r.Summary(), "timeout of 1 s in main.wait (a.go:17): "+want)
		for _, w := range r.WaitsFor() {
			if since := r.WaitsFor()[0].Since; w.Since != since {
				t.Errorf("%s: one waits since %v, one since %v", text, w.Since, since)
			}
		}
	}
}

// A sentence may be about a thread that the text leaves out, and the core does not look at the
// goroutines of a snapshot.
func TestSummaryOfWhatIsNotShown(t *testing.T) {
	const end, thread = "End of report (complete, 100 bytes, 1.0 ms): ",
		"Thread 0x00007f0825d9d6c0 [app, 7, S, 0.00 s] (most recent call first):\n  File \"/srv/a.c\", line 3 in compute\n\n"
	const goroutine = "Goroutine 1 [sync.Mutex.Lock, 5 minutes] (most recent call first):\n  File \"/srv/a.go\", line 17 in main.wait\n\n"
	for _, c := range []struct{ text, want string }{
		{thread + end + "timeout of 1 s in want (a.c:9): pthread_mutex_lock", "timeout of 1 s in compute (a.c:3): running"},
		{thread + "... (1 more thread)\n\n" + end + "timeout of 1 s in want (a.c:9): pthread_mutex_lock", "timeout of 1 s in want (a.c:9): pthread_mutex_lock"},
		{thread + "... (1 more thread)\n\n", "timeout of 1 s in compute (a.c:3): running"},
		{"Goroutines: 1, snapshot 9.5 s old (the runtime did not answer in time), in 1 group\n\n" + goroutine, "timeout of 1 s"},
		{"Goroutines: 1, live, in 1 group\n\n" + goroutine, "timeout of 1 s in main.wait (a.go:17): sync.Mutex.Lock"},
	} {
		r := parse(t, "Timeout (0:00:01)!\n\n"+c.text+"\n")
		if len(r.Unknown) > 0 {
			t.Errorf("not understood: %v", r.Unknown)
		}
		equal(t, c.text, r.Summary(), c.want)
	}
}

// A cause that has no room is cut between characters, whatever its length.
func TestWideCause(t *testing.T) {
	for n := range 700 {
		headline := "panic: " + strings.Repeat("a", n%7) + strings.Repeat("\\u4e16\\U0001f600", n/7)
		s := parse(t, "Fatal Go error: "+headline+"\n").Summary()
		if !utf8.ValidString(s) || strings.Contains(s, `\`) {
			t.Fatalf("%d: %q", n, s)
		}
	}
}

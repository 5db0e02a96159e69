package report_test

import "testing"

func TestSummaryParts(t *testing.T) {
	for name, want := range map[string][3]string{
		"real-null":  {"SIGSEGV", "crash_null_write (pointers.c:23), called from main.decodeOne (places.go:92)", "write through a NULL pointer + 8"},
		"real-panic": {"panic", "main.serve (panic.go:101)", "serving a request: query profile failed"},
		"bare":       {"SIGTRAP", "", "address unknown: the kernel gives none"},
	} {
		what, where, cause := sample(t, name).SummaryParts()
		if got := [3]string{what, where, cause}; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

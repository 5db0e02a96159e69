package report_test

import (
	"slices"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

func TestOutline(t *testing.T) {
	for name, want := range map[string][]string{
		"real-doublefree": {"free", "crash_double_free"},
		"real-musl":       {"strlen", "crash_strlen_null"},
		"real-null":       {"crash_null_write"},
		"real-panic":      {"runtime.gopanic", "main.serve"},
	} {
		r := sample(t, name)
		var got []string
		for _, f := range r.Outline(r.Current().Frames) {
			got = append(got, f.Function())
			if r.Plumbing(f) {
				t.Errorf("%s: %s is plumbing", name, f)
			}
		}
		if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
			t.Errorf("%s: %q, want %q first", name, got, want)
		}
	}
	// Between two functions of the C++ runtime is one of Epitaph's.
	terminate := stackOf("raise", "abort", `  Binary file "/lib/libstdc++.so.6", at +0x9d919 [0x000000000009d919]`, "epi_terminate",
		`  Binary file "/lib/libstdc++.so.6", at +0xa8e1a [0x00000000000a8e1a]`, "std::terminate", "f", "runtime.asmcgocall")
	var names []string
	for _, f := range terminate.Outline(terminate.Current().Frames) {
		names = append(names, f.Function())
	}
	if want := []string{"std::terminate", "f"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	null := stackOf("  <not executable: 0x0000000000000000>", "f", "runtime.asmcgocall", "main.g.func2")
	var got []string
	for _, f := range null.Outline(null.Current().Frames) {
		got = append(got, f.Name()+" "+f.Function())
	}
	if want := []string{"<not executable: 0x0000000000000000> ", "f f", "main.g.func2 main.g.func"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A Resolver gives each report what Resolve does, and reads a file once.
func TestResolver(t *testing.T) {
	s := report.NewResolver()
	defer s.Close()
	for range 2 {
		one, other := sample(t, "real-null"), sample(t, "real-null")
		one.Modules[0].Path, other.Modules[0].Path = "/no/such/file", "/no/such/file"
		for i := range one.Threads[0].Frames {
			f := &one.Threads[0].Frames[i]
			f.Kind = report.BinaryFrame
			other.Threads[0].Frames[i].Kind = report.BinaryFrame
		}
		err, want := s.Resolve(one), report.Resolve(other)
		if (err == nil) != (want == nil) || err != nil && err.Error() != want.Error() {
			t.Errorf("%v, want %v", err, want)
		}
		if one.String() != other.String() {
			t.Errorf("%s\nwant\n%s", one, other)
		}
	}
}

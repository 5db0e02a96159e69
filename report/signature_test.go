package report_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

// stackOf makes a crash with these functions, the innermost first. One that
// starts with a space is the text of a line.
func stackOf(functions ...string) *report.Report {
	var b strings.Builder
	b.WriteString("Fatal Go error: Aborted\n\nSignal: SIGABRT (6)\n\nCurrent thread 0x0000000000000001 [t, 1] (most recent call first):\n")
	for i, f := range functions {
		if strings.HasPrefix(f, " ") {
			fmt.Fprintln(&b, f)
		} else {
			fmt.Fprintf(&b, "  File \"f%d.c\", line %d in %s\n", len(functions), i+1, f)
		}
	}
	r, err := report.Parse([]byte(b.String()))
	if err != nil || len(r.Unknown) > 0 {
		panic(fmt.Sprint(err, r))
	}
	return r
}

// The file tells that a function is glibc's where its name does not. A program may have
// directories of the same names.
func TestFilesOfLibc(t *testing.T) {
	for file, want := range map[string]string{
		"nptl/futex-internal.c": "caller", "./nptl/pthread_create.c": "caller",
		"../sysdeps/unix/sysv/linux/x86_64/clone3.S": "caller", "sysdeps/posix/raise.c": "caller",
		"nptl/worker.c": "inner", "./nptl/queue.c": "inner", "sysdeps/board.c": "inner", "src/nptl/pthread_pool.c": "inner",
	} {
		r := stackOf(fmt.Sprintf("  File %q, line 3 in inner", file), "caller")
		equal(t, file, r.SignatureParts()[1], want)
	}
}

func TestSignatureParts(t *testing.T) {
	for name, c := range map[string]struct{ functions, want []string }{
		"C and Go": {[]string{"clamp", "decode_frame", "_cgo_0123456789ab_Cfunc_run", "runtime.asmcgocall.abi0", "runtime.cgocall",
			"main._Cfunc_run", "main.main", "runtime.main", "runtime.goexit"},
			[]string{"clamp", "decode_frame", "run", "main.main"}},
		"callback": {[]string{"main.onData", "_cgoexp_0123456789ab_onData", "runtime.cgocallbackg1", "runtime.cgocallbackg",
			"runtime.cgocallback.abi0", "crosscall2", "onData", "worker", "start_thread", "clone3"},
			[]string{"main.onData", "worker"}},
		"abort": {[]string{"__pthread_kill_implementation", "__GI_raise", "abort", "__libc_message", "malloc_printerr", "_int_free",
			"free", "drop", "abort"}, []string{"drop"}},
		"C++ abort": {[]string{"raise@plt", "abort@@GLIBC_2.34", "__gnu_cxx::__verbose_terminate_handler()", "__cxxabiv1::__terminate(void (*)())",
			"std::terminate()", "__cxa_throw", "ns::f(int)"}, []string{"ns::f"}},
		"Go panic": {[]string{"runtime.fatalpanic", "runtime.gopanic", "runtime.panicmem", "runtime.sigpanic", "main.f", "runtime.gopanic"},
			[]string{"main.f"}},
		"recursion":             {[]string{"leaf", "odd", "even", "odd", "even", "odd", "main.main"}, []string{"leaf", "even", "odd", "main.main"}},
		"one level deeper":      {[]string{"leaf", "even", "odd", "even", "odd", "even", "odd", "main.main"}, []string{"leaf", "even", "odd", "main.main"}},
		"collapsed by a writer": {[]string{"f", "  [Previous line repeated 99 more times]", "  ... (9 more frames)", "g"}, []string{"f", "g"}},
		"code of no module": {[]string{"  Code of no module \"<anonymous>\" (r-x), at +0x10 [0x0000000000000007]",
			"  Code of no module \"<anonymous>\" (r-x), at T.run+0x7 [0x0000000000000008]"},
			[]string{"<code of no module>", "T.run"}},
		"other frames": {[]string{"  <not executable: 0x0000000000000000>", "  <signal handler called>", "  Binary file \"<unknown>\" [0x0000000000000007]",
			"  Binary file \"/usr/lib/libfoo.so.1\", at +0x1234 [0x00007f2f1c0de142]", "  Binary file \"/x\", at stale+0x1 [0x00007f2f1c0de142] (scan)",
			"  Binary file \"/x\", at fine+0x1 [0x00007f2f1c0de142] (frame pointer)", "  <stack lost: x>"},
			[]string{"<not executable>", "unknown+0x1234", "fine"}},
		"deep": {[]string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}, []string{"a", "b", "c", "d", "e"}},
		"none": {nil, nil},
	} {
		equal(t, name, stackOf(c.functions...).SignatureParts(), append([]string{"SIGABRT"}, c.want...))
	}
	equal(t, "panic", sample(t, "panic").SignatureParts(), []string{"panic", "main.main"})
	equal(t, "timeout", sample(t, "timeout").SignatureParts(), []string{"timeout", "main.main"})
	equal(t, "dump", sample(t, "dump").SignatureParts(), []string{"dump", "main.f", "main.main"})
	equal(t, "no stack", sample(t, "bare").SignatureParts(), []string{"SIGTRAP"})
}

// TestSignatureNames has pairs of names that are the same function.
func TestSignatureNames(t *testing.T) {
	for in, want := range map[string]string{
		"main.f.func2.1":                  "main.f.func",
		"main.f.func12":                   "main.f.func",
		"main.(*T).m-fm":                  "main.(*T).m",
		"main.(*T[go.shape.int]).m.func1": "main.(*T).m.func",
		"main.Map[...].gowrap1":           "main.Map.gowrap",
		"main.f.deferwrap2":               "main.f.deferwrap",
		"main.f-range3":                   "main.f-range",
		"main.init.0":                     "main.init",
		"main.sha256":                     "main.sha256",
		"example.com/a.b/v2.F2":           "example.com/a.b/v2.F2",
		"foo.isra.0":                      "foo",
		"foo.constprop.0.cold":            "foo",
		"foo.part.3":                      "foo",
		"foo [clone .cold]":               "foo",
		"foo2":                            "foo2",
		"ns::f[abi:cxx11](int) const":     "ns::f",
		"ns::Table<int, std::less<int> >::at(int) const":       "ns::Table::at",
		"ns::f(int)::{lambda(char)#2}::operator()(char) const": "ns::f::{lambda}::operator()",
		"ns::f(int)::$_3::operator()(char) const":              "ns::f::$_::operator()",
		"(anonymous namespace)::g(void (*)(int))":              "(anonymous namespace)::g",
		"ns::operator<< <char>(std::ostream&, ns::T const&)":   "ns::operator<<",
		"ns::V::operator[](unsigned long) &":                   "ns::V::operator[]",
		"ns::P::operator->() const":                            "ns::P::operator->",
		"core::option::unwrap_failed::h0123456789abcdef":       "core::option::unwrap_failed",
		"<words::Frame as core::fmt::Display>::fmt":            "words::Frame::fmt",
		"<words::Table<K,V> as core::iter::Iterator>::next":    "words::Table::next",
		"<F as words::Run>::run::<fn(u8) -> u8>":               "words::Run::run",
		"<words::Table<fn(u8) -> u8>>::at":                     "words::Table::at",
		"memcpy@plt":                                           "memcpy",
		"qsort_r@@GLIBC_2.8":                                   "qsort_r",
	} {
		parts := stackOf(in).SignatureParts()
		equal(t, in, parts[1:], []string{want})
	}
}

var changing = regexp.MustCompile(`0x[0-9a-f]{16}|line \d+|\+0x[0-9a-f]+|"/[^"\n]*/`)

// TestSignatureIsStable: another run at other addresses, and a build with other
// lines and offsets, have the same signature. Another function has not.
func TestSignatureIsStable(t *testing.T) {
	seen := map[string]string{}
	crash := strings.NewReplacer("real-", "", "now-", "") // the same, of before and of now
	for name, text := range samples(t) {
		want := parse(t, text).Signature()
		if !regexp.MustCompile(`^~?1:[0-9a-f]{16}$`).MatchString(want) {
			t.Errorf("%s: %q", name, want)
		}
		if other, again := seen[want]; again && crash.Replace(name) != crash.Replace(other) {
			t.Errorf("%s and %s have the same signature", name, other)
		}
		seen[want] = name
		moved := changing.ReplaceAllStringFunc(text, func(s string) string {
			switch s[0] {
			case 'l':
				return "line 9999"
			case '+':
				return "+0x9999"
			case '"':
				return `"/other/`
			}
			if s == "0x0000000000000000" {
				return s
			}
			return s[:10] + "1234567" + s[17:]
		})
		if moved == text && name != "bare" {
			t.Fatalf("%s: nothing was changed", name)
		}
		if strings.HasPrefix(want, "~") {
			moved = strings.ReplaceAll(moved, "+0x9999", "+0x1234") // by which a frame without a name counts
			want = parse(t, strings.ReplaceAll(moved, "/other/", "/")).Signature()
		}
		equal(t, name, parse(t, moved).Signature(), want)
	}
	if stackOf("f", "g").Signature() == stackOf("f", "h").Signature() {
		t.Error("another function, but the same signature")
	}
	// The value itself is part of the contract: databases keep it.
	equal(t, "value", stackOf("f", "g").Signature(), "1:b42b39b7a4afc4c7")
	if parts := stackOf(slices.Repeat([]string{strings.Repeat("a.1<(", 100_000)}, 3)...).SignatureParts(); len(parts[1]) > 1000 {
		t.Errorf("a part of %d bytes", len(parts[1]))
	}
}

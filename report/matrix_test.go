package report_test

import (
	"bufio"
	"compress/gzip"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

// A crash of crashdemo: testdata/matrix.log.gz has the reports of all kinds in three
// places, and of builds of other sorts, each behind a line that says which. They are real,
// but for the parts that a signature does not depend on, which are left out.
type matrixReport struct {
	build, place, kind string
	text               string
	report             *report.Report
}

func matrix(t testing.TB) (all []matrixReport) {
	t.Helper()
	f, err := os.Open("testdata/matrix.log.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	log, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	for part := range strings.SplitSeq(string(log), "2026/11/29 18:30:00 ") {
		title, text, _ := strings.Cut(part, "\n")
		words := strings.Fields(title)
		if len(words) != 3 {
			continue
		}
		all = append(all, matrixReport{words[0], words[1], words[2], text, parse(t, text)})
	}
	if len(all) < 300 {
		t.Fatalf("%d reports", len(all))
	}
	return all
}

// What makes more than one signature of one crash.
var apart = map[string]string{
	"musl double-free":     "musl ends the program by hlt, so the signal is another one",
	"musl heap-corruption": "the same",
	// At the fault SP is 0, so all that is known is what a scan or the Go side finds.
	"O0 no-stack": "without optimisation there is a frame pointer",
	// What is inlined has the name that the debug information gives it, without its scope.
	"O0 cxx-thread-throw":       "the lambda is a function of its own",
	"stripped cxx-thread-throw": "the lambda has no name",
}

// TestSignatureOfTheFleet: one crash has one signature, whatever the build: with another
// C library, linked statically, position-independent, without optimisation, stripped of
// what can be stripped, under another name.
func TestSignatureOfTheFleet(t *testing.T) {
	want := map[string]string{}
	builds := map[string]bool{}
	all := matrix(t)
	for _, m := range all {
		if m.build == "plain" {
			want[m.kind+" "+m.place] = m.report.Signature()
		}
	}
	for _, m := range all {
		builds[m.build] = true
		got := m.report.Signature()
		if why, known := apart[m.build+" "+m.kind]; known {
			if got == want[m.kind+" "+m.place] {
				t.Errorf("%s %s %s has the signature of the others, although %s", m.build, m.place, m.kind, why)
			}
			if (m.build == "stripped") != strings.HasPrefix(got, "~") {
				t.Errorf("%s %s %s: %s", m.build, m.place, m.kind, got)
			}
			continue
		}
		if got != want[m.kind+" "+m.place] {
			t.Errorf("%s %s %s: %s %q", m.build, m.place, m.kind, got, m.report.SignatureParts())
		}
	}
	equal(t, "builds", len(builds), 7)
}

// TestSignaturesDiffer: what is not one crash has not one signature, but for those that
// crash on a thread of their own, whoever started that.
func TestSignaturesDiffer(t *testing.T) {
	placeless := []string{"eight-threads", "cxx-thread-throw", "callback-thread"}
	seen := map[string]string{}
	for _, m := range matrix(t) {
		if m.build != "plain" {
			continue
		}
		where := m.kind
		if !slices.Contains(placeless, m.kind) {
			where += " " + m.place
		}
		if other, again := seen[m.report.Signature()]; again && other != where {
			t.Errorf("%s and %s are one: %q", where, other, m.report.SignatureParts())
		}
		seen[m.report.Signature()] = where
	}
	if len(seen) < 90 {
		t.Errorf("%d signatures", len(seen))
	}
}

// TestSignatureElsewhere: other lines, addresses, a CPU for which libc has other versions,
// and names of binaries make no difference.
func TestSignatureElsewhere(t *testing.T) {
	line := regexp.MustCompile(`, line \d+ in`)
	address := regexp.MustCompile(`0x0000[0-9a-f]{12}`)
	for _, m := range matrix(t) {
		text := m.text
		for from, to := range map[string]string{"__strlen_evex": "__strlen_avx2", "strlen-evex.S": "strlen-avx2.S",
			"/srv/demo/" + m.build: "/opt/a b/c", "/lib/x86_64-linux-gnu/": "/lib64/"} {
			text = strings.ReplaceAll(text, from, to)
		}
		text = line.ReplaceAllString(text, ", line 7 in")
		text = address.ReplaceAllStringFunc(text, func(s string) string {
			v, err := strconv.ParseUint(s, 0, 64)
			if err != nil || v < 0x400000 {
				return s
			}
			return report.Word(v + 0x1000000).String()
		})
		equal(t, m.build+" "+m.place+" "+m.kind, parse(t, text).Signature(), m.report.Signature())
	}
}

// TestSummaryNamesTheCrash: the sentence of every crash has the function at fault, its
// line, where there is debug information, and Go's caller, where there is one.
func TestSummaryNamesTheCrash(t *testing.T) {
	goCaller := map[string]string{"cgo": "called from main.decodeOne (places.go:92)", "callback": "called from main.goVisit (visit.go:13)"}
	other := map[string]string{ // where another Go function called C, or none
		"callback-thread": "called from crashes.goOnThread (callback.go:17)", "go-c-go-c": "called from crashes.goBetween (callback.go:12)",
		"eight-threads": "called by demo_eight_threads_main", "cxx-thread-throw": "",
	}
	for _, m := range matrix(t) {
		got := m.report.Summary()
		function := "crash_" + strings.ReplaceAll(m.kind, "-", "_")
		if m.kind == "kill-self" && m.place == "thread" {
			continue // the signal goes to the first thread
		}
		if !strings.Contains(got, function) {
			t.Errorf("%s %s %s: %s", m.build, m.place, m.kind, got)
		}
		if m.build != "stripped" && m.kind != "dlopen-constructor" && !regexp.MustCompile(function+` \(\w+\.cc?:\d+\)`).MatchString(got) {
			t.Errorf("%s %s %s: no line: %s", m.build, m.place, m.kind, got)
		}
		caller, has := other[m.kind]
		if !has {
			caller = goCaller[m.place]
		}
		if !strings.Contains(got, caller) {
			t.Errorf("%s %s %s: not %s: %s", m.build, m.place, m.kind, caller, got)
		}
		if got[:3] != "SIG" || !strings.Contains(got, ": ") {
			t.Errorf("%s %s %s: no cause: %s", m.build, m.place, m.kind, got)
		}
	}
}

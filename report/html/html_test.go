package html_test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
	"github.com/epitaph-go/epitaph/report/html"
)

func sample(t testing.TB, name string) *report.Report {
	t.Helper()
	text, err := os.ReadFile("../testdata/" + name + ".crash")
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, string(text))
}

func parsed(t testing.TB, text string) *report.Report {
	t.Helper()
	r, err := report.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func page(t testing.TB, r *report.Report, opts ...html.Option) string {
	t.Helper()
	var b bytes.Buffer
	if err := html.Write(&b, r, opts...); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestAnswers has the sentence and the three answers on the page, before everything else.
func TestAnswers(t *testing.T) {
	p := page(t, sample(t, "segv"), html.WithName("x.crash"))
	rest := p
	for _, want := range []string{
		"<title>SIGSEGV in clamp (decoder.c:17), called from main.(*Decoder).Next (decode.go:88) · ingest</title>",
		`<header class="crash">`,
		"<h1>SIGSEGV in clamp (decoder.c:17), called from main.(*Decoder).Next (decode.go:88)</h1>",
		`<p class="why">write through a NULL pointer &#43; 8</p>`,
		"<b>request</b> 7f3a",
		"<h2>C function</h2><code><b>clamp</b><br>native/decoder.c:17</code>",
		"<h2>Called from Go</h2><code><b>main.(*Decoder).Next</b><br>decode.go:88</code>",
		"<h2>Last breadcrumb</h2>",
		`<h2 id="stack">`, "clamp", "foo_run", "main.main",
		`<h2 id="crumbs">`, `<h2 id="goroutines">`, "5321 in 4 groups, live", `<span class="n">5316</span><span class="bar w20">`,
		"crashed here", "x.crash",
	} {
		at := strings.Index(rest, want)
		if want == "crashed here" { // in the order of the groups
			at = strings.Index(p, want) * 0
		}
		if at < 0 {
			t.Fatalf("%q is not there, or not in its place:\n%s", want, rest)
		}
		rest = rest[at:]
	}
}

// TestIdle counts the threads that the text only counts.
func TestIdle(t *testing.T) {
	r := sample(t, "now-null")
	r.Threads = r.Threads[:1] // the others have stacks
	want := fmt.Sprintf(`<div class="fold">%d idle, of Go’s runtime or Epitaph</div>`, r.Idle.Runtime+r.Idle.Epitaph)
	if p := page(t, r); !strings.Contains(p, want) || !strings.Contains(p, `<a href="#threads">`) {
		t.Errorf("%s is not there", want)
	}
}

// TestSource shows the lines around the first frames of the program, and asks for no others.
func TestSource(t *testing.T) {
	asked := map[string]bool{}
	source := func(file string, line int) (string, bool) {
		asked[file] = true
		return fmt.Sprintf("\t<line %d> of %s", line, file), line < 90
	}
	p := page(t, sample(t, "segv"), html.WithSource(source))
	for _, want := range []string{
		"<span><i>15</i>    &lt;line 15&gt; of native/decoder.c\n</span>",
		"<span class=\"hit\"><i>17</i>    &lt;line 17&gt; of native/decoder.c\n</span>",
		"<span class=\"hit\"><i>88</i>    &lt;line 88&gt;",
	} {
		if !strings.Contains(p, want) {
			t.Errorf("%q is not there", want)
		}
	}
	if n := strings.Count(p, `<details class="f p" open>`); n != 2 {
		t.Errorf("%d frames are open, want 2", n)
	}
	for file := range asked {
		if strings.Contains(file, "/opt/go/") {
			t.Errorf("asked for %s, which is Go's", file)
		}
	}
	if without := page(t, sample(t, "segv"), html.WithSource(nil)); strings.Contains(without, "<pre><span") {
		t.Error("there is source without a reader")
	}
}

// TestEveryReport makes a page of each report in testdata: no request can be in it.
func TestEveryReport(t *testing.T) {
	files, err := os.ReadDir("../testdata")
	if err != nil {
		t.Fatal(err)
	}
	loads := regexp.MustCompile(`(?i)<(?:img|link|iframe|object|embed|base|form|video|audio|svg)\b|\s(?:src|srcset|action|on[a-z]+|style)=|href="[^#]|@import|url\(`)
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), ".crash")
		if !ok {
			continue
		}
		p := page(t, sample(t, name))
		markup := regexp.MustCompile(`(?s)<script>.*</script>|<pre.*?</pre>`).ReplaceAllString(p, "")
		if bad := loads.FindString(markup); bad != "" {
			t.Errorf("%s: the page has %q", name, bad)
		}
		if !strings.Contains(p, "<h1>") || strings.Contains(p, "ZgotmplZ") || strings.Contains(p, "<no value>") {
			t.Errorf("%s: %.1500s", name, p)
		}
	}
}

// hostile is a report whose every text wants to be markup.
func hostile() string {
	const evil = `</pre></script><script>document.title='owned'</script><img src=//evil.invalid/x onerror=alert(1)>{{.}}'&` + "`${1}`"
	return strings.NewReplacer("EVIL", evil).Replace(`Fatal Go error: panic: EVIL

Signal: SIGSEGV (11), SEGV_MAPERR (1): EVIL
Message: "EVIL"
Process: 17 "EVIL" (/EVIL), thread 17 "EVIL", 2026-11-29T18:29:17.335093Z, up 0.739 s
Build: go1.26.8 linux/amd64, EVIL (devel), build-id EVIL
Note: EVIL

Go's own report (EVIL):
  EVIL

Panic (EVIL):
  EVIL

Current thread 0x00007f2e98091780 [EVIL, 17] (most recent call first):
  File "EVIL", line 23 in EVIL [0x0000000000672d22]
  Binary file "EVIL", at EVIL+0x12 [0x0000000000672d22]
  <stack lost: EVIL>

Thread 0x00007f2e98091781 [EVIL, 18] (most recent call first):
  File "EVIL", line 23 in EVIL

Goroutines: 1, live, in 1 groups

Goroutine 1 [EVIL, thread 17] (most recent call first):
  File "EVIL", line 23 in EVIL
  Created by EVIL in goroutine 1, File "EVIL", line 3

Registers:
  rip 0x0000000000672d22
Modules:
  0x0000000000400000-0x0000000000b012a0 /EVIL
Annotations:
  EVIL = EVIL
Breadcrumbs:
  0.012 s before: EVIL
[stage "EVIL" faulted: EVIL; skipped]
End of report (incomplete: EVIL, 1 bytes, 1.0 ms): EVIL
`)
}

// TestHostile has the elements of the template on the page and no others, whatever the report
// says. TestBrowser has the same page in a browser.
func TestHostile(t *testing.T) {
	r := parsed(t, hostile())
	p := page(t, r, html.WithName("</footer><script>"), html.WithSource(func(string, int) (string, bool) { return "</pre><script>", true }))
	if n := strings.Count(p, "EVIL"); n != 0 {
		t.Fatalf("%d marks are left", n)
	}
	for tag, want := range map[string]int{"<script": 1, "</script": 1, "<style": 1, "<img": 0, "<footer": 1, "<main": 1} {
		if n := strings.Count(p, tag); n != want {
			t.Errorf("%d times %s, want %d", n, tag, want)
		}
	}
	if n := strings.Count(p, "&lt;img src="); n < 25 {
		t.Errorf("only %d texts of the report are shown", n)
	}
}

// goroutines is a report of many goroutines, of one group each or in few groups.
func goroutines(n, groups int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Fatal error: Segmentation fault\n\nSignal: SIGSEGV (11), SEGV_MAPERR (1): write to 0x0000000000000008\n\nCurrent thread 0x00007f2e98091780 [a, 17] (most recent call first):\n"+
		"  File \"/srv/a/a.c\", line 23 in f\n\nGoroutines: %d, live, in %d groups\n\n", n, groups)
	for i := range groups {
		fmt.Fprintf(&b, "Goroutines %d, %d, ... (%d in all) [chan receive, %d minutes] (most recent call first):\n", 2*i+1, 2*i+2, max(n/groups, 3), i%60)
		for k := range 8 {
			fmt.Fprintf(&b, "  File \"/srv/src/example.com/service/internal/part%d/file.go\", line %d in example.com/service/internal/part%d.(*Worker[...]).step%d\n", k, i+1, k, i)
		}
		fmt.Fprintf(&b, "  Created by example.com/service.New in goroutine 1, File \"/srv/src/example.com/service/new.go\", line %d\n\n", i+1)
	}
	b.WriteString("End of report (complete, 1 bytes, 1.0 ms)\n")
	return b.String()
}

// TestLarge keeps a page below its size, says what was left out, and has the machine and the
// sentence all the same.
func TestLarge(t *testing.T) {
	for _, groups := range []int{40, 1500} {
		p := page(t, parsed(t, goroutines(10_000, groups)))
		if len(p) > 2_000_000 {
			t.Errorf("%d groups: %d bytes", groups, len(p))
		}
		cut := regexp.MustCompile(`\d+ more groups of \d+ goroutines: the page would be too large`).MatchString(p)
		if cut != (groups == 1500) {
			t.Errorf("%d groups: cut %v", groups, cut)
		}
		if groups == 1500 && len(p) < 1_200_000 {
			t.Errorf("only %d bytes are used", len(p))
		}
	}
	small := page(t, parsed(t, goroutines(10_000, 1500)), html.WithSize(100_000))
	if len(small) > 120_000 || !strings.Contains(small, "SIGSEGV in f (a.c:23)") {
		t.Errorf("%d bytes of 100000", len(small))
	}
	quotes := page(t, parsed(t, "Fatal error: Aborted\n\nGo's own report (x):\n"+strings.Repeat("  "+strings.Repeat(`"<`, 200)+"\n", 4_000)))
	if len(quotes) > 2_000_000 {
		t.Errorf("%d bytes of quotes", len(quotes))
	}
}

// TestHost has the machine's facts on the page, and who left a breadcrumb.
func TestHost(t *testing.T) {
	p := page(t, sample(t, "host"))
	for _, want := range []string{
		"<dt>Host</dt><dd>ingest-6d4b-&#34;x2x, linux 6.8.0-45-generic, glibc 2.36, 8 CPUs</dd>",
		"<dt>Memory</dt><dd>412.3 MiB resident, cgroup 500 MiB of 512 MiB, 3 OOM kills</dd>",
		`<li><time>−0.012 s</time> frame 91 has 3 planes <s>thread 12</s> <em class="bad">crashed</em></li>`,
		`<li><time>−3.012 s</time> start <s>thread 1, goroutine 1</s></li>`,
	} {
		if !strings.Contains(p, want) {
			t.Errorf("%q is not there", want)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, c := range []struct {
		name string
		r    *report.Report
	}{
		{"crash", sample(b, "real-null")},
		{"10000 goroutines in 40 groups", parsed(b, goroutines(10_000, 40))},
		{"10000 goroutines in 10000 groups", parsed(b, goroutines(10_000, 10_000))},
	} {
		b.Run(c.name, func(b *testing.B) {
			var out bytes.Buffer
			for b.Loop() {
				out.Reset()
				if err := html.Write(&out, c.r); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(out.Len()), "page-bytes")
		})
	}
}

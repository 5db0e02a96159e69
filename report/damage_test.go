package report_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

// full says that everything is asked for, also what takes minutes.
var full = os.Getenv("EPITAPH_MATRIX") == "full"

// damage does to a report what happens to text on its way.
func damage(rnd *rand.Rand, text string) string {
	at := func() int { return rnd.IntN(len(text) + 1) }
	switch rnd.IntN(9) {
	case 0: // the process was killed
		return text[:at()]
	case 1: // the beginning was rotated away
		return text[at():]
	case 2: // bytes were changed
		b := []byte(text)
		for range 1 + rnd.IntN(20) {
			b[rnd.IntN(len(b))] = byte(rnd.IntN(256))
		}
		return string(b)
	case 3: // lines were lost
		lines := strings.SplitAfter(text, "\n")
		lines = slices.DeleteFunc(lines, func(string) bool { return rnd.IntN(10) == 0 })
		return strings.Join(lines, "")
	case 4: // another writer wrote in between
		i, more := at(), []string{"2026/11/29 18:30:00 GET /\n", "Fatal error: disk full\n", "x", "\x1b[31m", "{\"log\": \"\n", "  File \"", "\n\n\n"}
		return text[:i] + more[rnd.IntN(len(more))] + text[i:]
	case 5: // lines were exchanged
		lines := strings.SplitAfter(text, "\n")
		rnd.Shuffle(len(lines), func(i, k int) { lines[i], lines[k] = lines[k], lines[i] })
		return strings.Join(lines, "")
	case 6: // a part came twice
		i, k := at(), at()
		return text[:max(i, k)] + text[min(i, k):]
	case 7: // zeroes of a file that was not written out
		i, k := at(), at()
		b := []byte(text)
		clear(b[min(i, k):max(i, k)])
		return string(b)
	default: // of a terminal, in part
		i := at()
		return strings.ReplaceAll(text[:i], "\n", "\r\n") + text[i:]
	}
}

// numbered gives a report a note with a number, so that no two are equal.
func numbered(text string, i int) string {
	note := fmt.Sprintf("Note: try %06d\n", i)
	text = strings.Replace(text, "\n\nCurrent thread", "\n"+note+"\nCurrent thread", 1)
	head, tail, _ := strings.Cut(text, "End of report (complete, ")
	_, tail, _ = strings.Cut(tail, " bytes")
	return fmt.Sprintf("%sEnd of report (complete, %d bytes%s", head, len(head), tail)
}

// TestDamaged: among thousands of damaged reports, in the logs of all kinds of collectors,
// no intact one is lost, and nothing panics.
func TestDamaged(t *testing.T) {
	n := 1500
	switch {
	case testing.Short():
		n = 150
	case full:
		n = 10_000
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	all := matrix(t)
	wraps := make([]string, 0, len(collectors))
	for name := range collectors {
		if name != "carriage returns" { // which changes the text
			wraps = append(wraps, name)
		}
	}
	slices.Sort(wraps)
	var log strings.Builder
	var want []string
	for i := range n {
		broken := damage(rnd, all[rnd.IntN(len(all))].text)
		if r, err := report.Parse([]byte(broken)); err == nil {
			if got := r.String(); got != broken {
				t.Fatalf("damaged report %d is printed otherwise: %s", i, firstDifference(got, broken))
			}
			r.Signature()
			r.Summary()
			r.WaitsFor()
			r.Record()
		}
		if !strings.HasSuffix(broken, "\n") {
			broken += "\n"
		}
		intact := numbered(all[rnd.IntN(len(all))].text, i)
		want = append(want, intact)
		log.WriteString(collectors[wraps[rnd.IntN(len(wraps))]](broken))
		fmt.Fprintf(&log, "2026/11/29 18:30:00 restarted, try %d\n", i)
		log.WriteString(collectors[wraps[rnd.IntN(len(wraps))]](intact))
	}
	s := report.NewScanner(strings.NewReader(log.String()))
	found := make(map[string]int)
	for s.Scan() {
		found[s.Report().String()]++
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	lost := 0
	for _, text := range want {
		if found[text]--; found[text] < 0 {
			if lost++; lost == 1 {
				t.Logf("the first that was lost:\n%s", text)
			}
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d intact reports were lost", lost, n)
	}
}

// repeating is a log of a size that would not fit into memory.
type repeating struct {
	unit []byte
	left int64
	at   int
}

func (r *repeating) Read(p []byte) (n int, err error) {
	for n < len(p) && r.left > 0 {
		c := copy(p[n:min(len(p), n+int(min(r.left, 1<<30)))], r.unit[r.at:])
		n, r.left, r.at = n+c, r.left-int64(c), (r.at+c)%len(r.unit)
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// TestScannerConstantMemory: the memory that a Scanner needs does not depend on the length
// of the log: 1 GB when everything is asked for.
func TestScannerConstantMemory(t *testing.T) {
	size := int64(32 << 20)
	switch {
	case testing.Short():
		size = 4 << 20
	case full:
		size = 1 << 30
	}
	text := samples(t)["real-null"]
	line := "2026/11/21 19:40:00 a line of a log that is of no interest here\n"
	for name, unit := range map[string]string{
		"log":           strings.Repeat(line, 20_000) + text,
		"Kubernetes":    cri(strings.Repeat(line, 10_000)+text+strings.Repeat("x", 20_000)+"\n", 16<<10),
		"JSON":          jsonLines(strings.Repeat(line, 10_000)+text, "message", map[string]any{"level": "info"}),
		"cut reports":   strings.Repeat(text[:len(text)/2]+"\n"+line, 100),
		"one long line": strings.Repeat("x", 1<<20),
		"pieces":        "2026-01-02T03:04:05.1Z stderr P Fatal error: " + strings.Repeat("x", 16<<10) + "\n",
	} {
		var before, now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		peak, reports := uint64(0), 0
		start := time.Now()
		watched := &watching{r: &repeating{unit: []byte(unit), left: size}, every: size / 20, look: func() {
			runtime.GC()
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc-min(now.HeapAlloc, before.HeapAlloc))
		}}
		s := report.NewScanner(watched)
		s.SetLimit(1 << 20)
		for s.Scan() {
			reports++
		}
		if peak > 24<<20 {
			t.Errorf("%s: %d MB of memory", name, peak>>20)
		}
		if strings.Contains(unit, "End of report") && reports < int(size/int64(len(unit))) {
			t.Errorf("%s: %d reports", name, reports)
		}
		t.Logf("%s: %d reports, %d MB/s, %d KB", name, reports, int(float64(size>>20)/time.Since(start).Seconds()), peak>>10)
	}
}

// watching looks every so many bytes.
type watching struct {
	r            io.Reader
	every, since int64
	look         func()
}

func (w *watching) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if w.since += int64(n); w.since >= w.every {
		w.since = 0
		w.look()
	}
	return n, err
}

// TestScannerLinear: twice the log takes about twice the time, not four times, whatever is
// in it. The factor is far from both, since machines are busy.
func TestScannerLinear(t *testing.T) {
	size := 1 << 20
	if testing.Short() {
		size = 1 << 17
	}
	line := "node-1  | Fatal error: Aborted\n"
	for name, unit := range map[string]string{
		"starts":           line,
		"headlines":        "Fatal error: X\n",
		"sources":          cri(strings.Repeat(line, 100), 0),
		"pieces of many":   `{"log": "` + strings.Repeat("x", 17_000) + `", "pod": "a"}` + "\n",
		"deep JSON":        strings.Repeat("{\"a\":", 500) + "1" + strings.Repeat("}", 500) + "\nFatal error: Aborted\n",
		"long prefix":      strings.Repeat("a 1 ", 1000) + "Fatal error: Aborted\n",
		"strings of JSON":  oneJSON(map[string]any{"a": slices.Repeat([]string{"Fatal \n"}, 500)}),
		"damaged and more": samples(t)["real-null"][:5000],
	} {
		took := func(n int) time.Duration {
			best := time.Duration(1 << 62)
			text := bytes.Repeat([]byte(unit), 1+n/len(unit))
			for range 2 {
				start := time.Now()
				s := report.NewScanner(bytes.NewReader(text))
				for s.Scan() {
				}
				best = min(best, time.Since(start))
			}
			return best
		}
		one, eight := took(size/8), took(size)
		if eight > 40*one+time.Second {
			t.Errorf("%s: %v, and %v for eight times as much", name, one, eight)
		}
		t.Logf("%s: %v, %v", name, one, eight)
	}
}

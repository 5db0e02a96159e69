package ship_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/cmd/epitaph/internal/ship"
	"github.com/epitaph-go/epitaph/report"
)

func TestRate(t *testing.T) {
	for text, want := range map[string]ship.Rate{
		"1/min": {N: 1, Per: time.Minute}, "10/h/signature": {N: 10, Per: time.Hour}, "2/s": {N: 2, Per: time.Second},
		"": {}, "0/min": {}, "1/day": {}, "x/min": {}, "5": {},
	} {
		var r ship.Rate
		if err := r.Set(text); (err == nil) != (want.N > 0) || r != want {
			t.Errorf("%q: %v, %+v", text, err, r)
		}
	}
}

// TestSample: of 150 crashes in 150 seconds one a minute is sent, of every signature, and
// together the records say how many there were.
func TestSample(t *testing.T) {
	dir := t.TempDir()
	r := sample(t, "segv")
	r.Process.Time = r.Process.Time.Truncate(time.Minute)
	crashes(t, dir, r, 0, 150)
	other := sample(t, "real-null")
	other.Process.Time = r.Process.Time
	crashes(t, dir, other, 1000, 1)
	server := newServer(t)
	shipper := newShipper(server, dir)
	if err := shipper.Sample.Set("1/min/signature"); err != nil {
		t.Fatal(err)
	}
	run(t, shipper, ship.Result{Sent: 5, LeftOut: 147}) // 3 and 1, and one that counts the rest
	var counts []string
	for _, m := range server.taken() {
		counts = append(counts, fmt.Sprint(m["epitaph.left_out"]))
	}
	if got := strings.Join(counts, " "); got != "<nil> 59 59 <nil> 29" {
		t.Errorf("the records count %s", got)
	}
	last := server.taken()[4]
	if last["severity_text"] != "INFO" || last["epitaph.signature"] != r.Signature() || !strings.HasPrefix(last["body"].(string), "29 more reports like: SIGSEGV in clamp") {
		t.Errorf("the last record is %v", last)
	}
	if sent, out := names(t, dir, "*.sent"), names(t, dir, "*.left-out"); len(sent) != 4 || len(out) != 147 {
		t.Errorf("%d sent, %d left out", len(sent), len(out))
	}
}

// TestSampleRefused: what no record has counted is not marked as left out.
func TestSampleRefused(t *testing.T) {
	dir := t.TempDir()
	r := sample(t, "segv")
	r.Process.Time = r.Process.Time.Truncate(time.Minute)
	crashes(t, dir, r, 0, 5)
	server := newServer(t)
	server.answer = func(_ []map[string]any, w http.ResponseWriter) bool { w.WriteHeader(http.StatusForbidden); return true }
	shipper := newShipper(server, dir)
	shipper.Sample = ship.Rate{N: 1, Per: time.Minute}
	if _, err := shipper.Run(t.Context()); err == nil {
		t.Error("no error")
	}
	if left := names(t, dir, "*.crash"); len(left) != 5 {
		t.Errorf("left are %q", left)
	}
}

// TestScrubWords: what is an address or an absolute path, and what only looks like one.
func TestScrubWords(t *testing.T) {
	dir := t.TempDir()
	r := sample(t, "segv")
	r.Messages = []string{
		"/a/b/c.c:7: f: x/y/z", `in "/my/own/files/x.c"`, "(/srv/x/y/z)", "/only/two", "http://h/a/b/c/d", "see example.com/a/b/c.F",
		"at 0x7f00deadbeef and 0x00007f00deadbeef", "+0x12345678", "0x7f00deadbeefg", "0x0000000000000010", "10x7f00deadbeef", "/",
	}
	r.Threads[0].Frames[0].File = "/my files/of mine/x y.c"
	crashes(t, dir, r, 0, 1)
	server := newServer(t)
	shipper := newShipper(server, dir)
	shipper.Scrub = true
	run(t, shipper, ship.Result{Sent: 1})
	got, err := report.Parse([]byte(server.taken()[0]["exception.stacktrace"].(string)))
	if err != nil {
		t.Fatal(err)
	}
	if file := got.Threads[0].Frames[0].File; file != ".../of mine/x y.c" {
		t.Errorf("file %q", file)
	}
	word := got.Messages[6][len("at "):][:18]
	want := []string{
		".../b/c.c:7: f: x/y/z", `in ".../files/x.c"`, "(.../y/z)", "/only/two", "http:.../c/d", "see example.com/a/b/c.F",
		"at " + word + " and " + word, "+0x12345678", "0x7f00deadbeefg", "0x0000000000000010", "10x7f00deadbeef", "/",
	}
	if !strings.HasPrefix(word, "0xadd0") || !slices.Equal(got.Messages, want) {
		t.Errorf("got  %q\nwant %q", got.Messages, want)
	}
}

// TestScrub: no address and no beginning of a path leaves the machine; the text is a
// report all the same, and the signature is that of the whole report.
func TestScrub(t *testing.T) {
	dir := t.TempDir()
	r := sample(t, "real-null")
	crashes(t, dir, r, 0, 1)
	server := newServer(t)
	shipper := newShipper(server, dir)
	shipper.Scrub = true
	run(t, shipper, ship.Result{Sent: 1})
	m := server.taken()[0]
	for key, v := range m {
		text, _ := v.(string)
		for _, secret := range []string{"0x00007f", "0x000039a4", "00000672d22", "/src/epitaph", "/opt/go", "/srv/demo/", "/lib/x86_64"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s has %s", key, secret)
			}
		}
	}
	if m["epitaph.signature"] != r.Signature() || m["process.executable.path"] != ".../demo/crashdemo" {
		t.Errorf("signature %v, path %v", m["epitaph.signature"], m["process.executable.path"])
	}
	text := m["exception.stacktrace"].(string)
	scrubbed, err := report.Parse([]byte(text))
	if err != nil || len(scrubbed.Unknown) > 0 {
		t.Fatalf("%v, %v", err, scrubbed.Unknown)
	}
	// Equal addresses are still equal, and only those.
	rip, word := scrubbed.Registers[0].Value, scrubbed.Current().Frames[0].PC
	if rip != word || rip == scrubbed.Registers[1].Value || r.Registers[0].Value == rip {
		t.Errorf("rip %v, the PC %v, rsp %v", rip, word, scrubbed.Registers[1].Value)
	}
	for _, want := range []string{
		`File ".../crashes/pointers.c", line 23 in crash_null_write [0xadd0`,
		"write to 0x0000000000000008, in the first page: a NULL pointer + 8",
		".../x86_64-linux-gnu/libc.so.6 build-id 93ac61ec", "github.com/epitaph-go/epitaph/internal/engine.(*responder).sleep",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}

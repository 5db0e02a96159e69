package sentry_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	sentrygo "github.com/getsentry/sentry-go"

	"github.com/epitaph-go/epitaph/export/sentry"
	"github.com/epitaph-go/epitaph/report"
)

var update = flag.Bool("update", false, "write the golden files")

const reports = "../../report/testdata"

func read(t testing.TB, name string) *report.Report {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(reports, name+".crash"))
	if err != nil {
		t.Skip(err) // the module alone has no reports
	}
	r, err := report.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func all(t testing.TB) []string {
	t.Helper()
	paths, _ := filepath.Glob(reports + "/*.crash")
	if len(paths) == 0 {
		t.Skip("there are no reports beside the module")
	}
	for i, p := range paths {
		paths[i] = strings.TrimSuffix(filepath.Base(p), ".crash")
	}
	return paths
}

// payload takes an envelope apart as Sentry does: a line of JSON, a line that has the
// length of the event, the event.
func payload(t testing.TB, r *report.Report) (id string, event []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := sentry.Envelope(&b, r); err != nil {
		t.Fatal(err)
	}
	head, rest, _ := bytes.Cut(b.Bytes(), []byte("\n"))
	item, rest, _ := bytes.Cut(rest, []byte("\n"))
	var header struct {
		ID string `json:"event_id"`
	}
	var about struct {
		Type   string
		Length int
	}
	if err := json.Unmarshal(head, &header); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(item, &about); err != nil {
		t.Fatal(err)
	}
	if about.Type != "event" || about.Length != len(rest)-1 || rest[about.Length] != '\n' {
		t.Fatalf("the item is %s, there are %d bytes", item, len(rest))
	}
	return header.ID, rest[:about.Length]
}

// TestGolden: the events of real reports, whole.
func TestGolden(t *testing.T) {
	for _, name := range []string{"real-null", "real-panic", "real-stripped", "real-deadlock", "segv", "overflow"} {
		_, event := payload(t, read(t, name))
		var indented bytes.Buffer
		if err := json.Indent(&indented, event, "", " "); err != nil {
			t.Fatal(err)
		}
		indented.WriteByte('\n')
		path := filepath.Join("testdata", name+".json")
		if *update {
			if err := os.WriteFile(path, indented.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, indented.Bytes()) {
			t.Errorf("%s: go test -update, and git diff shows what has changed:\n%s", name, indented.Bytes())
		}
	}
}

// TestClientTypes: every event fits the types of Sentry's client, which hold what the report
// has, in Sentry's order, and is that of the envelope.
func TestClientTypes(t *testing.T) {
	for _, name := range all(t) {
		r := read(t, name)
		id, _ := payload(t, r)
		event := sentry.Event(r)
		if string(event.EventID) != id || len(id) != 32 || event.Fingerprint[0] != r.Signature() || event.Message != r.Summary() {
			t.Errorf("%s: id %s, fingerprint %q, message %q", name, event.EventID, event.Fingerprint, event.Message)
		}
		if (len(event.Exception) == 1) != (r.Kind != report.Dump) {
			t.Errorf("%s: %d exceptions", name, len(event.Exception))
		}
		if program := r.Program(); len(program) > 0 && len(event.Exception) > 0 {
			frames := event.Exception[0].Stacktrace.Frames
			last := len(frames) - 1
			for ; last >= 0 && !frames[last].InApp; last-- {
			}
			if last < 0 || frames[last].Lineno != program[0].Line || !strings.HasSuffix(program[0].Func, frames[last].Function) {
				t.Errorf("%s: the innermost of the program is %+v, want %s", name, frames[max(last, 0)], program[0])
			}
		}
		ids := map[string]bool{}
		for _, thread := range event.Threads {
			if ids[thread.ID] && thread.ID != "0" {
				t.Errorf("%s: two threads are %s", name, thread.ID)
			}
			ids[thread.ID] = true
		}
		if len(r.Modules) > 0 && len(event.DebugMeta.Images) != len(r.Modules) {
			t.Errorf("%s: %d images of %d modules", name, len(event.DebugMeta.Images), len(r.Modules))
		}
	}
}

// TestEvent: the client takes the events of all reports.
func TestEvent(t *testing.T) {
	transport := new(sentrygo.MockTransport)
	client, err := sentrygo.NewClient(sentrygo.ClientOptions{Dsn: "https://key@sentry.example/1", Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all(t) {
		r := read(t, name)
		event := sentry.Event(r)
		if id := client.CaptureEvent(event, nil, nil); id == nil || string(*id) != string(event.EventID) {
			t.Errorf("%s: the client drops it", name)
		}
	}
	sent := transport.Events()
	if len(sent) != len(all(t)) {
		t.Fatalf("%d events of %d reports", len(sent), len(all(t)))
	}
	for _, event := range sent {
		if len(event.Fingerprint) != 1 || event.Message == "" {
			t.Errorf("%s: fingerprint %q", event.Message, event.Fingerprint)
		}
	}
	event := sentry.Event(read(t, "real-null"))
	x := event.Exception[0]
	if x.Type != "SIGSEGV" || x.Mechanism.Type != "signalhandler" || *x.Mechanism.Handled || x.Mechanism.Data["signal_code"] != "SEGV_MAPERR" {
		t.Errorf("exception %+v, mechanism %+v", x, x.Mechanism)
	}
}

// TestGoroutineLimit: a report with thousands of groups has a hundred of them in its event.
func TestGoroutineLimit(t *testing.T) {
	r := read(t, "real-null")
	group := r.GoroutineGroups[0]
	for i := range 5000 {
		group.IDs = []uint64{uint64(i + 1000)}
		r.GoroutineGroups = append(r.GoroutineGroups, group)
	}
	n := 0
	for _, thread := range sentry.Event(r).Threads {
		if strings.HasPrefix(thread.ID, "g ") {
			n++
		}
	}
	if n != 100 {
		t.Errorf("%d groups of goroutines, want 100", n)
	}
}

// TestDebugID: readelf says 55c267c4 31ab eef9 e01f…; Sentry's symbolic says the other.
func TestDebugID(t *testing.T) {
	image := sentry.Event(read(t, "real-null")).DebugMeta.Images[0]
	if image.CodeID != "55c267c431abeef9e01f94af3d5d722fcd7b1099" || image.DebugID != "c467c255-ab31-f9ee-e01f-94af3d5d722f" {
		t.Errorf("code id %s, debug id %s", image.CodeID, image.DebugID)
	}
	if image.ImageAddr != "0x400000" || image.ImageSize != 0xb012a0-0x400000 {
		t.Errorf("%s, %d bytes", image.ImageAddr, image.ImageSize)
	}
}

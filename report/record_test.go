package report_test

import (
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

func TestRecord(t *testing.T) {
	m := sample(t, "segv").Record()
	text := m["exception.stacktrace"]
	delete(m, "exception.stacktrace")
	equal(t, "stack", text, any(samples(t)["segv"]))
	equal(t, "record", m, map[string]any{
		"timestamp": "2026-11-21T19:40:00.123456Z", "severity_text": "FATAL", "severity_number": 21,
		"body":           "SIGSEGV in clamp (decoder.c:17), called from main.(*Decoder).Next (decode.go:88): write through a NULL pointer + 8",
		"exception.type": "SIGSEGV", "exception.message": "write through a NULL pointer + 8",
		"code.function.name": "clamp", "code.file.path": "native/decoder.c", "code.line.number": 17,
		"process.pid": 12345, "process.executable.name": "ingest", "process.executable.path": "/srv/ingest",
		"process.executable.build_id.gnu": "5f1d8c2e", "process.runtime.name": "go", "process.runtime.version": "1.26.8",
		"thread.id": 12350, "thread.name": "decoder-3", "service.version": "v1.4.2", "vcs.ref.head.revision": "9b1c9e0",
		"epitaph.kind": "crash", "epitaph.signature": sample(t, "segv").Signature(), "epitaph.signal.name": "SIGSEGV",
		"epitaph.signal.number": 11, "epitaph.signal.code": "SEGV_MAPERR", "epitaph.uptime_seconds": 3.204,
		"epitaph.annotation.request": "7f3a", "epitaph.annotation.user": "J\u00f6rg = 1",
	})
	m = sample(t, "real-deadlock").Record()
	equal(t, "severity of a timeout", m["severity_text"], any("ERROR"))
	equal(t, "type of a timeout", m["exception.type"], any("timeout"))
	m = sample(t, "dump").Record()
	equal(t, "severity of a dump", m["severity_number"], any(9))
	equal(t, "a dump is no exception", m["exception.type"], nil)
	equal(t, "an incomplete one", m["epitaph.incomplete"], any(true))
}

// TestRecordIsOneLine: as JSON a record is a line from which a Scanner has the report back.
func TestRecordIsOneLine(t *testing.T) {
	for name, text := range samples(t) {
		b, err := json.Marshal(parse(t, text).Record())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "\n") {
			t.Errorf("%s: several lines", name)
		}
		got := scanAll(t, report.NewScanner(strings.NewReader(string(b)+"\n")))
		if name == "real-null" || name == "sentence" || name == "gopanic" {
			equal(t, name, got, []found{{1, text}})
		}
	}
}

func ExampleReport_Record() {
	text, err := os.ReadFile("testdata/sentence.crash")
	if err != nil {
		log.Fatal(err)
	}
	r, err := report.Parse(text)
	if err != nil {
		log.Fatal(err)
	}
	record := r.Record()
	delete(record, "exception.stacktrace") // the whole text
	for _, key := range slices.Sorted(maps.Keys(record))[:7] {
		fmt.Println(key, "=", record[key])
	}
	// Output:
	// body = SIGSEGV in clamp (decoder.c:17), called from main.(*Decoder).Next (decode.go:88): write through a NULL pointer + 8
	// code.file.path = native/decoder.c
	// code.function.name = clamp
	// code.line.number = 17
	// epitaph.kind = crash
	// epitaph.signal.code = SEGV_MAPERR
	// epitaph.signal.name = SIGSEGV
}

package stackfmt_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

const wrappedDump = "panic: interface conversion: x.Frame is *x.Unknown, not *x.Headers\n\n" +
	"goroutine 32 [running, locked to thread]:\n" +
	"example.org/app/server.(*Conn).serve(0xc000198000, {0x7ffd1000?, 0xc0001?}, 0x2)\n" +
	"\t/src/app/server/conn.go:122 +0x2c5\n" +
	"created by example.org/app/server.(*Conn).Start in goroutine 1\n" +
	"\t/src/app/server/conn.go:99 +0x1a\n\n" +
	"goroutine 35 [chan receive (nil chan), 4 minutes]:\n" +
	"main.wait(...)\n" +
	"\t/src/my app/main.go:33 +0x20\n\n" +
	"exit status 2\n"

// TestWrappedDumps: a dump is read from the records of collectors as it was before they had it.
func TestWrappedDumps(t *testing.T) {
	record := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b) + "\n"
	}
	each := func(line func(string) string) string {
		var b strings.Builder
		for l := range strings.Lines(wrappedDump) {
			b.WriteString(line(l))
		}
		return b.String()
	}
	want := stackfmt.ParseGoroutines([]byte(wrappedDump))
	if len(want.Goroutines) != 2 || len(want.Panics) != 1 || len(want.Unknown) != 0 {
		t.Fatalf("the dump itself: %+v", want)
	}
	for name, text := range map[string]string{
		"docker's json-file": each(func(l string) string { return record(map[string]string{"log": l, "stream": "stderr"}) }),
		"journald's JSON": each(func(l string) string {
			return record(map[string]string{"MESSAGE": strings.TrimSuffix(l, "\n"), "_PID": "1"})
		}),
		"a string":          record(wrappedDump),
		"a record":          record(map[string]string{"level": "ERROR", "stack": wrappedDump}),
		"a full-width time": each(func(l string) string { return "[06\uff1a29\uff1a59]" + l }),
		"Kubernetes, in pieces": each(func(l string) string {
			text := ""
			for len(l) > 20 {
				text += fmt.Sprintf("2026-01-02T03:04:05.123456789Z stderr P %s\n", l[:20])
				l = l[20:]
			}
			return text + "2026-01-02T03:04:05.123456789Z stderr F " + l
		}),
		"Kubernetes, the last piece lost": each(func(l string) string {
			if l == "exit status 2\n" {
				return "2026-01-02T03:04:05.123456789Z stderr P exit status 2\n"
			}
			return "2026-01-02T03:04:05.123456789Z stderr F " + l
		}),
	} {
		if got := stackfmt.ParseGoroutines([]byte(text)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
		}
	}
}

// TestRecordsBesides: the records of a log that are no part of a dump stay as they stood.
func TestRecordsBesides(t *testing.T) {
	line := `{"level":"info","msg":"served","ms":3}`
	d := stackfmt.ParseGoroutines([]byte(wrappedDump))
	e := stackfmt.ParseGoroutines([]byte(line + "\n" + wrappedDump + line + "\n"))
	if !reflect.DeepEqual(e.Goroutines, d.Goroutines) {
		t.Errorf("goroutines: %+v", e.Goroutines)
	}
	if len(e.Unknown) != 2 || e.Unknown[0] != (stackfmt.DumpLine{Number: 1, Text: line}) || e.Unknown[1].Text != line {
		t.Errorf("unknown lines: %+v", e.Unknown)
	}
}

// TestPanicsOfAServer: net/http recovers the panics of handlers, and logs them.
func TestPanicsOfAServer(t *testing.T) {
	one := "2026/01/02 03:04:05 http: panic serving [::1]:50210: boom: x\ngoroutine 34 [running]:\n" +
		"net/http.(*conn).serve.func1()\n\t/go/src/net/http/server.go:1943 +0xd3\n" +
		"panic({0x1, 0x2})\n\t/go/src/runtime/panic.go:783 +0x132\n" +
		"main.handle({0x1?, 0x2?}, 0x3?)\n\t/src/main.go:7 +0x20\n\n"
	d := stackfmt.ParseGoroutines([]byte(one + one))
	want := stackfmt.Panic{Message: "boom: x", Recovered: true, Client: "[::1]:50210"}
	if len(d.Panics) != 2 || d.Panics[0] != want || len(d.Goroutines) != 2 || len(d.Unknown) != 0 {
		t.Fatalf("%+v", d)
	}
	tb := d.Traceback()
	if tb.Message != "boom: x" || tb.Context != nil || len(tb.Stack) == 0 || !strings.Contains(tb.Stack[len(tb.Stack)-1].Func, "main.handle") {
		t.Errorf("%+v", tb)
	}
	if d := stackfmt.ParseGoroutines([]byte("http: panic serving\nhttp: panic serving a b: c\n")); len(d.Panics) != 0 {
		t.Errorf("what is no such line: %+v", d.Panics)
	}
}

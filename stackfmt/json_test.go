package stackfmt_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/stackfmt"
)

func TestJSON(t *testing.T) {
	text, one := "", 0
	full := &tb{
		Type: "E", Message: "m", Notes: []string{"n"}, SuppressContext: true,
		Stack: stackfmt.Stack{
			{File: "a.go", Line: 3, Func: "f", Source: "  x()", EndLine: 3, Col: 2, EndCol: 5, Locals: map[string]string{"a": "1"}},
			{File: "a.go", Line: 4, Func: "g"},
			{Binary: "/lib/x.so", PC: 1<<64 - 1, Offset: 7, Func: "h", Args: "0x1", Inlined: true},
			{Elided: 9},
		},
		Cause: &tb{Type: "C", Stack: stackfmt.Stack{}}, Context: &tb{Type: "X", Stack: stackfmt.Stack{}},
		Group:  []*tb{{Type: "M", Stack: stackfmt.Stack{}, Cycle: true}, nil},
		Syntax: &stackfmt.SyntaxError{File: "f", Text: &text, Offset: &one},
	}
	b, err := json.Marshal(full)
	if err != nil {
		t.Fatal(err)
	}
	var back tb
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if d := diff(full, &back); d != "" {
		t.Errorf("JSON and back: -want +got\n%s\n%s", d, b)
	}
	for _, bad := range []string{
		`[]`, `{"stack": 1}`, `{"stack": [1]}`, `{"stack": [{"line": "x"}]}`, `{"group": {}}`, `{"cause": []}`,
		`{"stack": [{"pc": "12"}]}`, `{"stack": [{"pc": "0x11112222333344445"}]}`, `{"syntax": {"offset": "1"}}`,
		strings.Repeat(`{"cause":`, 20_000) + "null" + strings.Repeat("}", 20_000),
	} {
		if err := json.Unmarshal([]byte(bad), new(tb)); err == nil {
			t.Errorf("no error for %.60s", bad)
		}
	}
	// The zero values print in some way.
	var odd tb
	if err := json.Unmarshal([]byte(`{"stack": [{}, {"line": -4, "col": -1, "end_col": 3, "source": "x"}], "group": [null, {}]}`), &odd); err != nil {
		t.Fatal(err)
	}
	if got := odd.String(); !strings.Contains(got, "line ???") || !strings.Contains(got, "<nil>") {
		t.Errorf("got\n%s", got)
	}
}

// TestVectorsJSON: the schema of the vectors survives the way through the types.
func TestVectorsJSON(t *testing.T) {
	for _, v := range loadVectors(t).Cases {
		if v.Exception == nil {
			continue
		}
		b, err := json.Marshal(v.Exception)
		if err != nil {
			t.Fatal(err)
		}
		var back tb
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		if d := diff(v.Exception, &back); d != "" {
			t.Errorf("%s: -want +got\n%s", v.Name, d)
		}
	}
}

func TestLogValue(t *testing.T) {
	e := &tb{Type: "E", Message: "m", Notes: []string{"n"}, Stack: named("main"),
		Cause: &tb{Type: "C"}, Group: []*tb{{Type: "M", Context: &tb{Type: "X"}}, nil}}
	var b bytes.Buffer
	h := slog.NewJSONHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(g []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			a.Value = slog.TimeValue(time.Unix(0, 0).UTC())
		}
		return a
	}})
	slog.New(h).Error("failed", "err", e)
	want := `{"time":"1970-01-01T00:00:00Z","level":"ERROR","msg":"failed","err":{"type":"E","message":"m","notes":["n"],` +
		`"stack":[{"file":"a.go","line":1,"func":"main"}],"cause":{"type":"C","message":""},` +
		`"group":{"1":{"type":"M","message":"","context":{"type":"X","message":""}},"2":"<nil>"}}}` + "\n"
	if b.String() != want {
		t.Errorf("got  %swant %s", b.String(), want)
	}
}

func TestOTelAttributes(t *testing.T) {
	e := &tb{Type: "E", Message: "m", Stack: named("main")}
	want := map[string]string{"exception.type": "E", "exception.message": "m", "exception.stacktrace": e.String()}
	if d := diff(want, e.OTelAttributes()); d != "" {
		t.Error(d)
	}
}

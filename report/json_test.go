package report_test

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

func TestJSONRoundTrip(t *testing.T) {
	for name, text := range samples(t) {
		r := parse(t, text)
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var again report.Report
		if err := json.Unmarshal(b, &again); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(&again, r) {
			t.Errorf("%s: the values differ:\n got %+v\nwant %+v", name, &again, r)
		}
		equal(t, name+": text", again.String(), text)
	}
}

// TestJSONSchema pins the names, which tools depend on.
func TestJSONSchema(t *testing.T) {
	for _, name := range []string{"segv", "abort", "gopanic"} {
		want, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.MarshalIndent(sample(t, name), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if string(got)+"\n" != string(want) {
			t.Errorf("%s: %s", name, firstDifference(string(got), string(want)))
		}
	}
}

// TestJSONOfAnyBytes: lines that are no text survive JSON.
func TestJSONOfAnyBytes(t *testing.T) {
	text := "Fatal Go error: caf\xe9 \u0416\n\n\xff\\xff\\\x00\x1b \u0416 \\x5c\n"
	r := parse(t, text)
	equal(t, "headline", r.Headline, `caf\xe9 `+"\u0416")
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var again report.Report
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	equal(t, "text", again.String(), text)
}

func TestJSONErrors(t *testing.T) {
	for _, text := range []string{
		`[]`, `{"kind": "mishap"}`, `{"registers": [{"name": "pc", "value": "12"}]}`, `{"registers": [{"name": "pc", "value": 12}]}`,
		`{"threads": [{"kind": "thread", "frames": [{"kind": "x"}]}]}`, `{"threads": [{"frames": [{"how": "x"}]}]}`,
		`{"threads": [{"kind": "x"}]}`, `{"code": {"bytes": "4"}}`, `{"end": {"duration": {"value": 1, "unit": "h"}}}`,
		`{"end": {"duration": {"value": 1e3, "unit": "s"}}}`, `{"end": {"duration": 5}}`,
	} {
		var r report.Report
		if err := json.Unmarshal([]byte(text), &r); err == nil || !strings.Contains(err.Error(), "report: ") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := json.Marshal(&report.Report{Kind: 9}); err == nil {
		t.Error("a kind without a name was marshalled")
	}
}

// Package otlp_test reads the requests of package export/otel with OpenTelemetry's own
// definition of them. The Collector's library, which is made from the same, cannot be in
// one workspace with cockroachdb/errors: they need two sides of genproto's split.
package otlp_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/epitaph-go/epitaph/export/otel"
	"github.com/epitaph-go/epitaph/report"
)

// TestRequests: both encodings have what report.Record has, and nothing that is not OTLP's.
// The one message of a request is that of LogsData.
func TestRequests(t *testing.T) {
	paths, err := filepath.Glob("../../../report/testdata/*.crash")
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d reports, %v", len(paths), err)
	}
	var records []map[string]any
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := report.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r.Record())
	}
	records[0]["epitaph.negative"], records[0]["epitaph.big"] = -1, int64(1)<<62
	q, err := otel.NewRequest(records...)
	if err != nil {
		t.Fatal(err)
	}
	text, err := q.JSON()
	if err != nil {
		t.Fatal(err)
	}
	fromJSON, fromProtobuf := new(logs.LogsData), new(logs.LogsData)
	if err := protojson.Unmarshal(text, fromJSON); err != nil {
		t.Fatal(err)
	}
	if err := proto.Unmarshal(q.Protobuf(), fromProtobuf); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(fromJSON, fromProtobuf) || len(fromProtobuf.ProtoReflect().GetUnknown()) > 0 {
		t.Error("the two encodings differ")
	}
	i := 0
	for _, of := range fromJSON.ResourceLogs {
		for _, rec := range of.ScopeLogs[0].LogRecords {
			compare(t, filepath.Base(paths[i]), records[i], values(of.Resource.Attributes), rec)
			i++
		}
	}
	if i != len(records) {
		t.Errorf("%d records of %d", i, len(records))
	}
}

func values(list []*common.KeyValue) map[string]any {
	m := map[string]any{}
	for _, kv := range list {
		switch v := kv.Value.Value.(type) {
		case *common.AnyValue_StringValue:
			m[kv.Key] = v.StringValue
		case *common.AnyValue_BoolValue:
			m[kv.Key] = v.BoolValue
		case *common.AnyValue_IntValue:
			m[kv.Key] = v.IntValue
		case *common.AnyValue_DoubleValue:
			m[kv.Key] = v.DoubleValue
		}
	}
	return m
}

func compare(t *testing.T, name string, want, resource map[string]any, got *logs.LogRecord) {
	t.Helper()
	have := values(got.Attributes)
	for key, v := range resource {
		have[key] = v
	}
	if resource["service.name"] != want["process.executable.name"] {
		t.Errorf("%s: service.name is %v", name, resource["service.name"])
	}
	delete(have, "service.name")
	have["body"] = got.Body.GetStringValue()
	have["severity_text"], have["severity_number"] = got.SeverityText, int64(got.SeverityNumber)
	if got.TimeUnixNano != 0 {
		have["timestamp"] = time.Unix(0, int64(got.TimeUnixNano)).UTC().Format(time.RFC3339Nano)
	}
	for key, v := range want {
		if n, ok := v.(int); ok {
			v = int64(n)
		}
		if have[key] != v {
			t.Errorf("%s: %s is %v, want %v", name, key, have[key], v)
		}
		delete(have, key)
	}
	if len(have) != 0 {
		t.Errorf("%s: more than the report has: %v", name, have)
	}
}

package otel_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdk "go.opentelemetry.io/otel/sdk/log"

	"github.com/epitaph-go/epitaph/export/otel"
	"github.com/epitaph-go/epitaph/report"
)

// read returns the reports of package report's tests.
func read(t testing.TB) map[string]*report.Report {
	t.Helper()
	paths, _ := filepath.Glob("../../report/testdata/*.crash")
	if len(paths) == 0 {
		t.Skip("there are no reports beside the module")
	}
	all := map[string]*report.Report{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := report.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(path), ".crash")] = r
	}
	return all
}

// memory is an exporter that keeps what it is given.
type memory struct{ records []sdk.Record }

func (m *memory) Export(_ context.Context, records []sdk.Record) error {
	for _, r := range records {
		m.records = append(m.records, r.Clone())
	}
	return nil
}
func (m *memory) Shutdown(context.Context) error   { return nil }
func (m *memory) ForceFlush(context.Context) error { return nil }

// TestRecord: what the SDK exports is what report.Record says, nothing less.
func TestRecord(t *testing.T) {
	for name, r := range read(t) {
		exported := new(memory)
		provider := sdk.NewLoggerProvider(sdk.WithProcessor(sdk.NewSimpleProcessor(exported)))
		provider.Logger("test").Emit(t.Context(), otel.Record(r))
		if len(exported.records) != 1 {
			t.Fatalf("%s: %d records", name, len(exported.records))
		}
		got, want := exported.records[0], r.Record()
		attributes := map[string]any{}
		got.WalkAttributes(func(kv attribute.KeyValue) bool {
			attributes[string(kv.Key)] = kv.Value.AsInterface()
			return true
		})
		for key, v := range want {
			if n, ok := v.(int); ok {
				v = int64(n)
			}
			switch key {
			case "timestamp":
				if at := got.Timestamp().UTC().Format(time.RFC3339Nano); at != v {
					t.Errorf("%s: at %s, want %s", name, at, v)
				}
			case "severity_number":
				if int64(got.Severity()) != v {
					t.Errorf("%s: severity %d, want %d", name, got.Severity(), v)
				}
			case "severity_text":
				if got.SeverityText() != v {
					t.Errorf("%s: severity %s, want %s", name, got.SeverityText(), v)
				}
			case "body":
				if got.Body().AsString() != v {
					t.Errorf("%s: body %q, want %q", name, got.Body().AsString(), v)
				}
			default:
				if attributes[key] != v {
					t.Errorf("%s: %s is %v, want %v", name, key, attributes[key], v)
				}
				delete(attributes, key)
			}
		}
		if len(attributes) != 0 {
			t.Errorf("%s: attributes that the report has not: %v", name, attributes)
		}
	}
	crash := otel.Record(read(t)["segv"])
	if crash.Severity() != log.SeverityFatal || crash.SeverityText() != "FATAL" {
		t.Errorf("severity %v", crash.Severity())
	}
}

// TestResource: what is one service's on one machine shares a resource, and no process has
// one of its own.
func TestResource(t *testing.T) {
	all := read(t)
	other := *all["segv"]
	process := *other.Process
	process.PID++
	other.Process = &process
	q, err := otel.NewRequest(all["segv"].Record(), other.Record(), all["real-null"].Record())
	if err != nil {
		t.Fatal(err)
	}
	b, err := q.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		ResourceLogs []struct {
			Resource  struct{ Attributes []struct{ Key string } }
			ScopeLogs []struct{ LogRecords []any }
		}
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.ResourceLogs) != 2 || len(got.ResourceLogs[0].ScopeLogs[0].LogRecords) != 2 {
		t.Fatalf("%d resources: %s", len(got.ResourceLogs), b)
	}
	if a := got.ResourceLogs[0].Resource.Attributes; len(a) != 2 || a[0].Key != "service.name" || a[1].Key != "service.version" {
		t.Errorf("resource %v", a)
	}
}

func TestNewRequestRefuses(t *testing.T) {
	if _, err := otel.NewRequest(map[string]any{"body": "x", "list": []int{1}}); err == nil || !strings.Contains(err.Error(), "list is a []int") {
		t.Errorf("error %v", err)
	}
}

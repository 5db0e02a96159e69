package otel

import (
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"github.com/epitaph-go/epitaph/report"
)

// The members of report.Record that are fields of a log record and no attributes.
const (
	keyTime   = "timestamp"
	keyText   = "severity_text"
	keyNumber = "severity_number"
	keyBody   = "body"
)

func isField(key string) bool {
	return key == keyTime || key == keyText || key == keyNumber || key == keyBody
}

// Record returns the report as a record for a logger of OpenTelemetry.
func Record(r *report.Report) log.Record {
	var record log.Record
	m := r.Record()
	if t, ok := timeOf(m); ok {
		record.SetTimestamp(t)
	}
	text, _ := m[keyText].(string)
	number, _ := m[keyNumber].(int)
	record.SetSeverityText(text)
	record.SetSeverity(log.Severity(number)) // the numbers are OpenTelemetry's
	body, _ := m[keyBody].(string)
	record.SetBody(attribute.StringValue(body))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if !isField(key) {
			record.AddAttributes(attribute.KeyValue{Key: attribute.Key(key), Value: valueOf(m[key])})
		}
	}
	return record
}

func timeOf(m map[string]any) (t time.Time, ok bool) {
	text, _ := m[keyTime].(string)
	t, err := time.Parse(time.RFC3339Nano, text)
	return t, err == nil
}

func valueOf(v any) attribute.Value {
	switch v := v.(type) {
	case string:
		return attribute.StringValue(v)
	case bool:
		return attribute.BoolValue(v)
	case int:
		return attribute.IntValue(v)
	case int64:
		return attribute.Int64Value(v)
	case float64:
		return attribute.Float64Value(v)
	}
	return attribute.Value{} // a report's record has no others; a test looks at all
}

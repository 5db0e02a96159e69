package otel

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Request is the body of an OTLP request for logs: a POST to /v1/logs of a server, as JSON
// or as a protocol buffer. It is made by NewRequest and is not changed afterwards.
type Request struct{ logs []resourceLogs }

// The messages of a request (opentelemetry-proto, logs/v1). In JSON their names are in
// lowerCamelCase, and 64-bit integers are strings.
type (
	resourceLogs struct {
		Resource  resource    `json:"resource"`
		ScopeLogs []scopeLogs `json:"scopeLogs"`
	}
	resource struct {
		Attributes []attr `json:"attributes"`
	}
	scopeLogs struct {
		Scope   scope       `json:"scope"`
		Records []logRecord `json:"logRecords"`
	}
	scope struct {
		Name string `json:"name"`
	}
	logRecord struct {
		Time           uint64 `json:"timeUnixNano,string,omitempty"`
		SeverityNumber int    `json:"severityNumber,omitempty"`
		SeverityText   string `json:"severityText,omitempty"`
		Body           value  `json:"body"`
		Attributes     []attr `json:"attributes"`
	}
	attr struct {
		Key   string `json:"key"`
		Value value  `json:"value"`
	}
	value struct {
		String *string  `json:"stringValue,omitempty"`
		Bool   *bool    `json:"boolValue,omitempty"`
		Int    *int64   `json:"intValue,string,omitempty"`
		Double *float64 `json:"doubleValue,omitempty"`
	}
)

const scopeName = "github.com/epitaph-go/epitaph/export/otel"

// serviceName is the attribute of a resource that a record's process.executable.name stands
// in for.
const serviceName = "service.name"

// resourceKeys are the attributes that say which service on which machine it was. Stores
// group their streams by the resource, so what differs from one process to the next is none.
var resourceKeys = []string{serviceName, "service.version", "host.name"}

// NewRequest makes a request of records as report.Record returns them, to which the caller
// may have added, or of which it has taken away. Values are strings, integers, truths and
// floating-point numbers; any other is an error.
func NewRequest(records ...map[string]any) (*Request, error) {
	q := new(Request)
	for _, m := range records {
		of, rec, err := split(m)
		if err != nil {
			return nil, err
		}
		// Records of one program, which come together, share their resource.
		last := len(q.logs) - 1
		if last < 0 || !q.logs[last].Resource.equal(of) {
			q.logs = append(q.logs, resourceLogs{of, []scopeLogs{{Scope: scope{scopeName}}}})
			last++
		}
		scope := &q.logs[last].ScopeLogs[0]
		scope.Records = append(scope.Records, rec)
	}
	return q, nil
}

// JSON returns the request for the Content-Type application/json.
func (q *Request) JSON() ([]byte, error) {
	b, err := json.Marshal(struct {
		ResourceLogs []resourceLogs `json:"resourceLogs"`
	}{q.logs})
	if err != nil {
		return nil, fmt.Errorf("otel: %w", err)
	}
	return b, nil
}

func (r resource) equal(other resource) bool {
	return slices.EqualFunc(r.Attributes, other.Attributes, func(a, b attr) bool {
		return a.Key == b.Key && a.Value.String != nil && b.Value.String != nil && *a.Value.String == *b.Value.String
	})
}

// split returns the resource and the record.
func split(m map[string]any) (of resource, rec logRecord, err error) {
	if t, ok := timeOf(m); ok {
		rec.Time = uint64(t.UnixNano())
	}
	rec.SeverityText, _ = m[keyText].(string)
	rec.SeverityNumber, _ = m[keyNumber].(int)
	if rec.Body, err = toValue(keyBody, m[keyBody]); err != nil {
		return of, rec, err
	}
	if _, has := m[serviceName]; !has {
		if name, ok := m["process.executable.name"].(string); ok {
			of.Attributes = append(of.Attributes, attr{serviceName, value{String: &name}})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if isField(key) {
			continue
		}
		v, err := toValue(key, m[key])
		if err != nil {
			return of, rec, err
		}
		if slices.Contains(resourceKeys, key) {
			of.Attributes = append(of.Attributes, attr{key, v})
		} else {
			rec.Attributes = append(rec.Attributes, attr{key, v})
		}
	}
	return of, rec, nil
}

func toValue(key string, v any) (value, error) {
	switch v := v.(type) {
	case nil:
		empty := ""
		return value{String: &empty}, nil
	case string:
		return value{String: &v}, nil
	case bool:
		return value{Bool: &v}, nil
	case int:
		n := int64(v)
		return value{Int: &n}, nil
	case int64:
		return value{Int: &v}, nil
	case float64:
		return value{Double: &v}, nil
	}
	return value{}, fmt.Errorf("otel: %s is a %T", key, v)
}

package report_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

// TestSchemaHasEveryName: the published schema and the Go types have the same names and
// the same required ones. That reports conform to it is checked with a library for schemas
// in tests/peers.
func TestSchemaHasEveryName(t *testing.T) {
	type object struct {
		Properties map[string]json.RawMessage `json:"properties"`
		Required   []string                   `json:"required"`
	}
	var schema struct {
		object
		ID   string            `json:"$id"`
		Defs map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(report.JSONSchema(), &schema); err != nil {
		t.Fatal(err)
	}
	if string(schema.Properties["schema"]) != "{\n      \"const\": \""+report.Schema+"\"\n    }" || !slices.Contains(schema.Required, "schema") {
		t.Errorf("the member schema: %s", schema.Properties["schema"])
	}
	delete(schema.Properties, "schema")
	schema.Required = slices.DeleteFunc(schema.Required, func(s string) bool { return s == "schema" })

	checked := map[string]bool{"address": true, "offset": true, "duration": true}
	var check func(name string, at object, typ reflect.Type)
	check = func(name string, at object, typ reflect.Type) {
		if checked[name] {
			return
		}
		checked[name] = true
		names, required := membersOf(typ, func(inner reflect.Type) {
			key := strings.ToLower(inner.Name()[:1]) + inner.Name()[1:]
			if key != "duration" {
				check(key, schema.Defs[key], inner)
			}
		})
		equal(t, name+": names", slices.Sorted(maps.Keys(at.Properties)), names)
		slices.Sort(at.Required)
		equal(t, name+": required", at.Required, required)
	}
	check("report", schema.object, reflect.TypeFor[report.Report]())
	for name := range schema.Defs {
		if !checked[name] {
			t.Errorf("nothing has the type %s", name)
		}
	}
}

// membersOf returns the members that the JSON of a struct may and must have, and calls
// visit for the structs in it.
func membersOf(typ reflect.Type, visit func(reflect.Type)) (names, required []string) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		if f.Anonymous {
			more, must := membersOf(f.Type, visit)
			names, required = append(names, more...), append(required, must...)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
		if options == "" {
			required = append(required, name)
		}
		inner := f.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && inner.PkgPath() == typ.PkgPath() {
			visit(inner)
		}
	}
	slices.Sort(names)
	slices.Sort(required)
	return names, required
}

// TestJSONOfBefore: what was written before there was a schema is read with the values
// that it had then.
func TestJSONOfBefore(t *testing.T) {
	var r report.Report
	err := json.Unmarshal([]byte(`{"kind": "crash", "headline": "Aborted", "threads": [{"kind": "current", "id": "0x0000000000000001", "count": 1,
		"frames": [{"kind": "binary", "module": "/x", "func": "f", "offset": 66, "pc": "0x0000000000000042"}]}]}`), &r)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.String(); !strings.HasPrefix(got, "Fatal Go error: Aborted\n") || !strings.Contains(got, "at f+0x42 [") {
		t.Errorf("%s", got)
	}
	if err := json.Unmarshal([]byte(`{"schema": "epitaph.report/2", "kind": "crash"}`), &r); err == nil || !strings.Contains(err.Error(), `"epitaph.report/2"`) {
		t.Errorf("another schema: %v", err)
	}
}

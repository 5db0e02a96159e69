// Package schema_test checks the published JSON Schema of reports with a library for schemas.
package schema_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/report"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// compileSchema compiles the published schema; strict, it allows no names but its own.
func compileSchema(t *testing.T, strict bool) *jsonschema.Schema {
	t.Helper()
	text := report.JSONSchema()
	if strict {
		text = bytes.ReplaceAll(text, []byte(`"type": "object",`), []byte(`"type": "object", "unevaluatedProperties": false,`))
	}
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("urn:epitaph:report:1", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("urn:epitaph:report:1")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// TestReportsConformToTheSchema: the JSON of every report in the test data does, and has
// no name that the schema has not.
func TestReportsConformToTheSchema(t *testing.T) {
	open, strict := compileSchema(t, false), compileSchema(t, true)
	paths, err := filepath.Glob("../../../report/testdata/*.crash")
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d reports, %v", len(paths), err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r, err := report.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		value := decodeJSON(t, string(b))
		if err := strict.Validate(value); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if err := open.Validate(value); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestSchemaRefuses: what is not a report does not conform.
func TestSchemaRefuses(t *testing.T) {
	open, strict := compileSchema(t, false), compileSchema(t, true)
	const good = `{"schema": "epitaph.report/1", "kind": "crash", "headline": "Aborted", "registers": [{"name": "rip", "value": "0x0000000000000001"}]}`
	if err := open.Validate(decodeJSON(t, good)); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		`report/1"`: `report/2"`, `"crash"`: `"mishap"`, `"0x0000000000000001"`: `1`, `"0x00`: `"0x`, `"name": "rip", `: ``,
		`"schema": "epitaph.report/1", `: ``, `"Aborted"`: `["Aborted"]`,
	} {
		if err := open.Validate(decodeJSON(t, strings.Replace(good, from, to, 1))); err == nil {
			t.Errorf("conforms although %s is %s", from, to)
		}
	}
	newer := strings.Replace(good, `"kind"`, `"mood": "bad", "kind"`, 1)
	if err := open.Validate(decodeJSON(t, newer)); err != nil {
		t.Errorf("the name of a newer version: %v", err)
	}
	if err := strict.Validate(decodeJSON(t, newer)); err == nil {
		t.Error("the strict schema is not strict")
	}
}

func decodeJSON(t *testing.T, text string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

package report

import (
	"bytes"
	_ "embed" // of the schema
	"encoding/json"
	"fmt"
)

// Schema is what the member "schema" of a report's JSON says. The number grows when a
// name loses its meaning or a value gets another type, not when there are more names.
const Schema = "epitaph.report/1"

//go:embed schema.json
var jsonSchema []byte

// JSONSchema returns the JSON Schema (draft 2020-12) of a report's JSON.
func JSONSchema() []byte { return bytes.Clone(jsonSchema) }

// plain is Report without its methods: a Report marshals itself to the text of
// a report, which encoding/json must not take for its JSON.
type plain Report

type document struct {
	Schema string `json:"schema"`
	plain
}

// MarshalJSON returns the report in the schema that the package comment
// describes.
func (r *Report) MarshalJSON() ([]byte, error) {
	b, err := json.Marshal(&document{Schema, plain(*r)})
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return b, nil
}

// UnmarshalJSON reads what MarshalJSON wrote, in this version and in those before.
// Fields of a newer version are ignored, and so is a layout that does not fit the
// values; another schema is an error.
func (r *Report) UnmarshalJSON(b []byte) error {
	var v document
	if err := json.Unmarshal(b, &v); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if v.Schema != "" && v.Schema != Schema {
		return fmt.Errorf("report: the schema is %q, not %q", v.Schema, Schema)
	}
	if v.Schema == "" && v.Kind == Crash {
		v.GoError = true // before there was a schema, there was only that headline
	}
	*r = Report(v.plain)
	return nil
}

package report

import (
	"encoding/json"
	"fmt"
)

// plain is Report without its methods: a Report marshals itself to the text of
// a report, which encoding/json must not take for its JSON.
type plain Report

// MarshalJSON returns the report in the schema that the package comment
// describes.
func (r *Report) MarshalJSON() ([]byte, error) {
	b, err := json.Marshal((*plain)(r))
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return b, nil
}

// UnmarshalJSON reads what MarshalJSON wrote. Fields of a newer version are
// ignored, and so is a layout that does not fit the values.
func (r *Report) UnmarshalJSON(b []byte) error {
	var v plain
	if err := json.Unmarshal(b, &v); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	*r = Report(v)
	return nil
}

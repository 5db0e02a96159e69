//go:build linux && (amd64 || arm64) && cgo

package godeath

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestJSON: behind what Go prints of its death, which stays as it is, there is a line.
func TestJSON(t *testing.T) {
	for _, kind := range []string{"panic", "nil", "map", "callback", "stack"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			o := run(t, plain, kind+" format=json")
			at := strings.LastIndex(strings.TrimSuffix(o.Stderr, "\n"), "\n") + 1
			var members map[string]any
			if err := json.Unmarshal([]byte(o.Stderr[at:]), &members); err != nil {
				t.Fatalf("%v:\n%s", err, ends(o.Stderr))
			}
			line := o.Stderr[at:]
			o.Stderr = o.Stderr[:at]
			same(t, o, run(t, plain, kind+" off=1"))
			d := find(t, kind)
			r := complete(t, members["exception.stacktrace"].(string))
			d.check(t, r, o)
			for name, value := range r.Record() {
				switch name {
				case "exception.type", "epitaph.kind", "severity_text", "thread.name":
					if members[name] != value {
						t.Errorf("%s is %v, want %v, in:\n%s", name, members[name], value, ends(line))
					}
				}
			}
		})
	}
}

// TestJSONOfWidePanic: of a message whose escapes have thousands of bytes the members have
// what there is room for, and the text has all.
func TestJSONOfWidePanic(t *testing.T) {
	o := run(t, plain, "panic-wide format=json")
	at := strings.LastIndex(strings.TrimSuffix(o.Stderr, "\n"), "\n") + 1
	var members map[string]any
	if err := json.Unmarshal([]byte(o.Stderr[at:]), &members); err != nil {
		t.Fatalf("%v:\n%s", err, ends(o.Stderr))
	}
	complete(t, members["exception.stacktrace"].(string))
	for _, name := range []string{"exception.message", "body"} {
		if value, _ := members[name].(string); strings.Count(value, `\x01`) < 60 {
			t.Errorf("%s is %q", name, value)
		}
	}
}

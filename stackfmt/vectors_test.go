package stackfmt_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

type vectorFile struct {
	Python string   `json:"python"`
	Cases  []vector `json:"cases"`
}

type vector struct {
	Name      string              `json:"name"`
	Call      string              `json:"call"`
	Exception *stackfmt.Traceback `json:"exception"`
	Stack     stackfmt.Stack      `json:"stack"`
	Options   struct {
		Chain         *bool `json:"chain"`
		Colorize      *bool `json:"colorize"`
		ShowGroup     *bool `json:"show_group"`
		MaxGroupWidth *int  `json:"max_group_width"`
		MaxGroupDepth *int  `json:"max_group_depth"`
	} `json:"options"`
	Want []string `json:"want"`
}

func loadVectors(t testing.TB) vectorFile {
	t.Helper()
	name := os.Getenv("STACKFMT_VECTORS")
	if name == "" {
		name = "testdata/traceback.json"
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var f vectorFile
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(f.Cases) == 0 {
		t.Fatalf("%s holds no cases", name)
	}
	return f
}

// options returns the options of a case. Its frames hold what source they have,
// and Python found no more, so none is looked up.
func (v *vector) options() []stackfmt.PrintOption {
	opts := []stackfmt.PrintOption{stackfmt.WithLookupLines(false)}
	o := &v.Options
	if o.Chain != nil {
		opts = append(opts, stackfmt.WithCauses(*o.Chain))
	}
	if o.Colorize != nil {
		opts = append(opts, stackfmt.WithColorize(*o.Colorize))
	}
	if o.ShowGroup != nil {
		opts = append(opts, stackfmt.WithShowGroup(*o.ShowGroup))
	}
	if o.MaxGroupWidth != nil {
		opts = append(opts, stackfmt.WithMaxGroupWidth(*o.MaxGroupWidth))
	}
	if o.MaxGroupDepth != nil {
		opts = append(opts, stackfmt.WithMaxGroupDepth(*o.MaxGroupDepth))
	}
	return opts
}

func (v *vector) format() []string {
	switch v.Call {
	case "format":
		return v.Exception.Format(v.options()...)
	case "format_exception_only":
		return v.Exception.FormatErrorOnly(v.options()...)
	case "stack.format":
		return v.Stack.Format(v.options()...)
	}
	return []string{"unknown call " + v.Call}
}

func (v *vector) appended() []byte {
	switch v.Call {
	case "format":
		return v.Exception.Append(nil, v.options()...)
	case "format_exception_only":
		return v.Exception.AppendErrorOnly(nil, v.options()...)
	}
	return v.Stack.Append(nil, v.options()...)
}

func (v *vector) printed(t *testing.T) []byte {
	var b bytes.Buffer
	var err error
	switch v.Call {
	case "format":
		err = v.Exception.Print(&b, v.options()...)
	case "stack.format":
		err = v.Stack.Print(&b, v.options()...)
	default:
		return v.appended()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestVectors compares with the text of CPython's traceback module, item by item:
// from the strings, from Append and through a writer.
func TestVectors(t *testing.T) {
	for _, v := range loadVectors(t).Cases {
		t.Run(v.Name, func(t *testing.T) {
			got := v.format()
			if len(got) == 0 && len(v.Want) == 0 {
				return
			}
			if d := diff(v.Want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			var all bytes.Buffer
			for _, item := range v.Want {
				all.WriteString(item)
			}
			if got := v.appended(); !bytes.Equal(got, all.Bytes()) {
				t.Errorf("Append differs from Format:\n%s", diff(all.String(), string(got)))
			}
			if got := v.printed(t); !bytes.Equal(got, all.Bytes()) {
				t.Errorf("Print differs from Format:\n%s", diff(all.String(), string(got)))
			}
		})
	}
}

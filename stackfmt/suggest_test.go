package stackfmt_test

import (
	"testing"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// TestEditDistance is the table of CPython's test_traceback, with its thresholds:
// at the cost itself the distance is exact, below it is only known to be more.
func TestEditDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "a", 2},
		{"a", "A", 1},
		{"Apple", "Aple", 2},
		{"Banana", "B@n@n@", 6},
		{"Cherry", "Cherry!", 2},
		{"---0---", "------", 2},
		{"abc", "y", 6},
		{"aa", "bb", 4},
		{"aaaaa", "AAAAA", 5},
		{"wxyz", "wXyZ", 2},
		{"wxyz", "wXyZ123", 8},
		{"Python", "Java", 12},
		{"Java", "C#", 8},
		{"AbstractFoobarManager", "abstract_foobar_manager", 3 + 2*2},
		{"CPython", "PyPy", 10},
		{"CPython", "pypy", 11},
		{"AttributeError", "AttributeErrop", 2},
		{"AttributeError", "AttributeErrorTests", 10},
		{"ABA", "AAB", 4},
	}
	for _, test := range tests {
		for _, p := range [][2]string{{test.a, test.b}, {test.b, test.a}} {
			if got := stackfmt.EditDistance(p[0], p[1], 1000); got != test.want {
				t.Errorf("distance of %q and %q = %d, want %d", p[0], p[1], got, test.want)
			}
			if got := stackfmt.EditDistance(p[0], p[1], test.want); got != test.want {
				t.Errorf("distance of %q and %q within %d = %d", p[0], p[1], test.want, got)
			}
		}
	}
	for _, p := range [][2]string{{"abc", "y"}, {"Python", "Java"}, {"CPython", "pypy"}} {
		if got := stackfmt.EditDistance(p[0], p[1], 3); got <= 3 {
			t.Errorf("distance of %q and %q within 3 = %d", p[0], p[1], got)
		}
	}
}

func TestSuggest(t *testing.T) {
	many := make([]string, 751)
	for i := range many {
		many[i] = "bluch"
	}
	tests := []struct {
		wrong string
		names []string
		want  string
	}{
		{"blach", []string{"noise", "more", "bluch"}, "bluch"},      // substitution
		{"blech", []string{"bluch", "blch", "Blech"}, "Blech"},      // case before all
		{"bluch", []string{"BLuch", "bluc", "blucha"}, "BLuch"},     // case change beats addition
		{"bluch", []string{"bluch"}, ""},                            // the same name
		{"bluch", []string{"_bluch"}, ""},                           // hidden
		{"_bluch", []string{"_bluch2", "bluch"}, "_bluch2"},         // asked for
		{"x", []string{"completely", "different"}, ""},              // too far
		{"somethingverywrongthatistoolongtosuggest1", many[:1], ""}, // long name
		{"blech", many, ""},                                         // too many
		{"", []string{"a"}, ""},                                     // nothing asked
		{"vvv", []string{"a", "mom", "w", "va"}, ""},                // small names
		{"tmeout", []string{"timeouts", "timeout"}, "timeout"},      // the nearer one
		{"größe", []string{"Größe", "grosse"}, "Größe"},             // letters, not bytes
		{"ab", []string{"ac", "ad"}, "ac"},                          // the first of equals
		// As CPython 3.15 answers.
		{"attr𝔹", []string{"attrA", "attrB"}, "attrB"},
		{"attr𝔹", []string{"attrA"}, "attrA"},
		{"attr𝔹", many, ""},
		{"attrA", []string{"attr𝔸"}, ""}, // 4 bytes for one: the names are not normalised
		{"µ", []string{"ν", "μ"}, "μ"},
		{"e\u0301tat", []string{"état"}, "état"},
		{"état", []string{"e\u0301tat"}, ""}, // three bytes for two
		{"un état", []string{"un e\u0301tat"}, "un e\u0301tat"},
		{"_ﬁn", []string{"_fin"}, "_fin"},
		{"attr\xff", []string{"attrs"}, "attrs"},
	}
	for _, test := range tests {
		got, ok := stackfmt.Suggest(test.wrong, test.names)
		if got != test.want || ok != (test.want != "") {
			t.Errorf("Suggest(%q) = %q, %v; want %q", test.wrong, got, ok, test.want)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	for _, test := range []struct {
		wrong string
		names []string
		want  string
	}{
		{"tmeout", []string{"timeout"}, "Did you mean: 'timeout'?"},
		{"groesse", []string{"x"}, ""},
		{"µ", []string{"μ"}, `Did you mean: 'μ' ('\u03bc')?`},
		{"größ", []string{"größe"}, `Did you mean: 'größe' ('gr\xf6\xdfe')?`},
		{"x𝔹_y", []string{"x𝔸_y"}, ""},
		{"a_very_long𝔹_name", []string{"a_very_long𝔹_names"}, `Did you mean: 'a_very_long𝔹_names' ('a_very_long\U0001d539_names')?`},
		{"attributes\xffx", []string{"attributes\xff\uFFFD"}, "Did you mean: 'attributes\xff\uFFFD' ('attributes\\xff\\ufffd')?"},
	} {
		if got := stackfmt.DidYouMean(test.wrong, test.names); got != test.want {
			t.Errorf("DidYouMean(%+q, %+q) = %+q, want %+q", test.wrong, test.names, got, test.want)
		}
	}
}

package collected_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/collected"
)

func TestPrefix(t *testing.T) {
	for _, c := range []struct {
		prefix, line string
		loose        bool
		want         int
	}{
		{"node-1  | ", "node-1  | text", false, 10},
		{"node-1  | ", "node-2  | text", false, -1},
		{"node-1  | ", "node-22  | text", true, 11},
		{"node-1  | ", "node-1  |", false, 9},
		{"node-1  | ", "node-1", false, -1},
		{"Nov 28 10:11:12 host app[1234]: ", "Nov 29 0:00:00 host app[1234]: x", false, 31},
		{"Nov 28 10:11:12 host app[1234]: ", "Nov 28 10:11:12 host app[1235]: x", false, -1},
		{"2026-01-02T03:04:05Z ", "2026-01-02T03:04:06Z", false, 20},
		{"    ", "", false, 0},
		{"    ", "  x", false, -1},
		{"[06\uff1a29\uff1a59]", "[06\uff1a30\uff1a00]x", false, 14},
		{"a1", "ab", true, -1},
	} {
		if got := collected.NewPrefix(c.prefix, c.loose).Length(c.line); got != c.want {
			t.Errorf("%q of %q, loose %v: %d, not %d", c.prefix, c.line, c.loose, got, c.want)
		}
	}
}

func TestCommon(t *testing.T) {
	empty := func(rest string) bool { return strings.TrimSpace(rest) == "" }
	for _, c := range []struct{ before, next, line, want string }{
		{"node-1  | progress 34%", "node-1  | ", "node-1  | x", "x"},
		{"node-1  | progress 34%", "node-1  |", "node-1  | x", "x"},
		{"12:00:00 ", "12:00:01", "12:00:02 x", "x"},
	} {
		p := collected.Common(c.before, c.next, false, empty)
		if p == nil {
			t.Errorf("%q: none", c.before)
		} else if n := p.Length(c.line); n < 0 || c.line[n:] != c.want {
			t.Errorf("%q: %d of %q", c.before, n, c.line)
		}
	}
	if p := collected.Common("node-1 | ", "node-2 | ", false, empty); p != nil {
		t.Error("two containers have one prefix")
	}
	// An empty line has nothing in common with a prefix that begins with a blank.
	if p := collected.Common(" 3", "", false, func(rest string) bool { return strings.HasPrefix(rest, "  ") }); p != nil {
		t.Errorf("an empty line has the prefix %q", p)
	}
}

func TestUnwrap(t *testing.T) {
	u := collected.Unwrapper{Limit: 30}
	for _, c := range []struct {
		in   string
		want []collected.Line
	}{
		{"plain", []collected.Line{{Text: "plain"}}},
		{"", []collected.Line{{}}},
		{"2026-01-02T03:04:05.1Z stderr F a b", []collected.Line{{Text: "a b", Source: "stderr\n"}}},
		{"2026-01-02T03:04:05.1Z stderr F", []collected.Line{{Source: "stderr\n"}}},
		{"2026-01-02T03:04:05.1Z stderr P one,", nil},
		{"2026-01-02T03:04:05.1Z stdout F other", []collected.Line{{Text: "other", Source: "stdout\n"}}},
		{"2026-01-02T03:04:05.1Z stderr F:x two", []collected.Line{{Text: "one,two", Source: "stderr\n"}}},
		{"2026-01-02T03:04:05.1Z stderr X two", []collected.Line{{Text: "2026-01-02T03:04:05.1Z stderr X two"}}},
		{"2026-99-02T03:04:05.1Z stderr F two", []collected.Line{{Text: "2026-99-02T03:04:05.1Z stderr F two"}}},
		{`{"log":"a\n","stream":"stderr"}`, []collected.Line{{Text: "a", Source: "stream=stderr\n"}}},
		{`{"MESSAGE":[97,9,98],"_PID":"1"}`, []collected.Line{{Text: "a\tb", Source: "_PID=1\n"}}},
		{`{"MESSAGE":[97,999]}`, []collected.Line{{Text: `{"MESSAGE":[97,999]}`}}},
		{`{"msg":"a"}`, []collected.Line{{Text: "a", Source: "json\n"}}},
		{`{"level":"info"}`, []collected.Line{{Text: `{"level":"info"}`}}},
		{`{"Output":"ab","Test":"T"}`, nil},
		{`{"Output":"cd\n","Test":"T"}`, []collected.Line{{Text: "abcd", Source: "Test=T\n"}}},
		{`{"msg":"x","stack":"a\n\nb\n"}`, []collected.Line{{Text: "a", Source: "record 1\n"}, {Source: "record 1\n"}, {Text: "b", Source: "record 1\n", Last: true}}},
		{`"a\nb"`, []collected.Line{{Text: "a", Source: "record 2\n"}, {Text: "b", Source: "record 2\n", Last: true}}},
		{`"a"`, []collected.Line{{Text: `"a"`}}},
		{`web-1  | {"msg":"a\nb"}`, []collected.Line{{Text: "a", Source: "record 3\n"}, {Text: "b", Source: "record 3\n", Last: true}}},
		{`{"a":`, []collected.Line{{Text: `{"a":`}}},
	} {
		if got := u.Unwrap(nil, c.in); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.in, got, c.want)
		}
	}
	if u.Pending() {
		t.Error("something is left")
	}
	u.Unwrap(nil, "2026-01-02T03:04:05.1Z stderr P "+strings.Repeat("x", 100))
	if got := u.Rest(); len(got) != 1 || len(got[0].Text) != 30 || u.Pending() {
		t.Errorf("what is left: %+v", got)
	}
}

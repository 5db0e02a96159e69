package collected_test

import (
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/collected"
)

// FuzzUnwrap: no line of a log makes it panic or keep more than its limit, and a line that
// says nothing of a wrapping comes out as it is.
func FuzzUnwrap(f *testing.F) {
	for _, log := range []string{
		"2026-01-02T03:04:05.1Z stderr P one,\n2026-01-02T03:04:05.1Z stdout F x\n2026-01-02T03:04:05.1Z stderr F two",
		`{"log":"a\n","stream":"stderr"}`, `{"MESSAGE":[97,9,98],"_PID":"1"}`, `{"Output":"ab","Test":"T"}` + "\n" + `{"Output":"cd\n","Test":"T"}`,
		`{"msg":"x","stack":"a\n\nb\n"}`, `"a\nb"`, `web-1  | {"msg":"a\nb"}`, `{"a":[[[{"b":"c\nd"}]]]}`,
		`2026-01-02T03:04:05.1Z stderr F {"log":"a\n"}`, "plain", "",
	} {
		f.Add(log)
	}
	f.Fuzz(func(t *testing.T, log string) {
		const limit = 100
		u := collected.Unwrapper{Limit: limit}
		for line := range strings.SplitSeq(log, "\n") {
			got := u.Unwrap(nil, line)
			if wrapped := strings.ContainsAny(line, `{"`) || strings.Contains(line, " std"); !wrapped && (len(got) != 1 || got[0].Text != line || got[0].Source != "") {
				t.Fatalf("%q becomes %+v", line, got)
			}
			for _, l := range got {
				if strings.Contains(l.Text, "\n") && l.Source != "" && l.Last {
					t.Fatalf("%q has a line of two: %q", line, l.Text)
				}
			}
		}
		for _, l := range u.Rest() {
			if len(l.Text) > limit {
				t.Fatalf("%d bytes were kept, the limit is %d", len(l.Text), limit)
			}
		}
		if u.Pending() {
			t.Fatal("something is left")
		}
	})
}

package stackfmt_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// diff returns how got differs from want, "" if it does not: the lines of both from
// the first that differs, with some before it.
func diff(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	w, g := strings.Split(linesOf(want), "\n"), strings.Split(linesOf(got), "\n")
	first := 0
	for first < len(w) && first < len(g) && w[first] == g[first] {
		first++
	}
	var b strings.Builder
	show := func(mark string, lines []string) {
		for i := max(0, first-3); i < min(len(lines), first+12); i++ {
			m := mark
			if i < first {
				m = " "
			}
			fmt.Fprintf(&b, "%s %4d %s\n", m, i+1, lines[i])
		}
	}
	show("-", w)
	show("+", g)
	if first == len(w) && first == len(g) {
		fmt.Fprintf(&b, "the same as text; want %#v, got %#v", want, got)
	}
	return b.String()
}

// linesOf is a text for people to compare.
func linesOf(v any) string {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(fmt.Sprintf("%q", v), `\n`, "\\n\n")
	case []string:
		var b strings.Builder
		for _, s := range v {
			fmt.Fprintf(&b, "%q\n", s)
		}
		return b.String()
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Sprintf("%+v", v)
	}
	return string(text)
}

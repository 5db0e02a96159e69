//go:build linux && (amd64 || arm64) && cgo

package godeath

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// What differs from run to run: addresses, offsets, the numbers of goroutines and
// threads.
var changing = regexp.MustCompile(`0x[0-9a-f]+\??|\d+ in use|goroutine \d+|\bm=(\d+|nil)( mp=0x[0-9a-f]+)?`)

func normal(text string) string {
	return changing.ReplaceAllStringFunc(text, func(s string) string {
		switch {
		case strings.HasPrefix(s, "0x"):
			return "0x"
		case strings.HasPrefix(s, "goroutine"):
			return "goroutine N"
		case strings.HasPrefix(s, "m="):
			return "m="
		case strings.HasSuffix(s, " in use"):
			return "N in use"
		}
		return s
	})
}

// pieces takes what Go has written apart: the text up to the end of the first
// goroutine, the other goroutines in an order of their own, and the rest.
//
// Of the others, those of Epitaph and the runtime's own are left out: when the
// runtime starts some of its own depends on what a program does. Of the rest
// only the outermost function and who started it count; where it waits, or
// whether it has got there yet, is a matter of moments.
func pieces(text string) (first string, others []string, rest string) {
	blocks := strings.Split(normal(text), "\n\n")
	var head, tail []string
	dying := true
	for _, block := range blocks {
		lines := strings.Split(strings.TrimSuffix(block, "\n"), "\n")
		if !strings.HasPrefix(lines[0], "goroutine N") || dying {
			dying = dying && !strings.HasPrefix(lines[0], "goroutine N")
			if len(others) == 0 {
				head = append(head, block)
			} else {
				tail = append(tail, block)
			}
			continue
		}
		if strings.Contains(block, "/internal/engine.") || strings.Contains(block, "created by runtime.") {
			if len(others) == 0 {
				others = append(others, "")
			}
			continue
		}
		key := slices.DeleteFunc(lines[1:], func(line string) bool {
			return strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "runtime.")
		})
		others = append(others, strings.Join(key[max(0, len(key)-2):], "\n"))
	}
	others = slices.DeleteFunc(others, func(s string) bool { return s == "" })
	slices.Sort(others)
	return strings.Join(head, "\n\n"), others, strings.Join(tail, "\n\n")
}

// same fails unless standard error and the end are what they are without
// Epitaph.
func same(t *testing.T, got, want *victim.Outcome) {
	t.Helper()
	if got.End() != want.End() {
		t.Errorf("%s; without Epitaph %s; stderr:\n%s", got.End(), want.End(), ends(got.Stderr))
	}
	first, others, rest := pieces(got.Stderr)
	wantFirst, wantOthers, wantRest := pieces(want.Stderr)
	if strings.TrimRight(first, "\n") != strings.TrimRight(wantFirst, "\n") || strings.TrimRight(rest, "\n") != strings.TrimRight(wantRest, "\n") {
		t.Errorf("standard error differs from that without Epitaph:\n%s\nwithout:\n%s", ends(got.Stderr), ends(want.Stderr))
	}
	if !slices.Equal(others, wantOthers) {
		t.Errorf("the other goroutines are %q, without Epitaph %q", others, wantOthers)
	}
}

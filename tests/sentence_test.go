//go:build linux && amd64 && cgo

package tests

import (
	"testing"

	"github.com/epitaph-go/epitaph/report"
)

// checkSentence compares the sentence that the core has written, on the second line and on the last, with the one that
// package report makes of the rest of the text: there is one set of rules.
func checkSentence(t *testing.T, r *report.Report) {
	t.Helper()
	sentence, end := r.Sentence, r.End.Sentence
	if sentence == "" || end != sentence {
		t.Errorf("the sentence is %q, at the end %q", sentence, end)
	}
	r.Sentence, r.End.Sentence = "", ""
	if want := r.Summary(); sentence != want {
		t.Errorf("the sentence is\n  %s\npackage report makes of the text\n  %s", sentence, want)
	}
	r.Sentence, r.End.Sentence = sentence, end
}

package stackfmt

import "github.com/epitaph-go/epitaph/internal/terminal"

// Back doors for the tests of package stackfmt_test.
var (
	EditDistance = editDistance
	CanColorize  = terminal.Colored
	DisplayWidth = displayWidth
	JoinLines    = joinLines
	IsStandard   = isStandard
)

// FindAnchor returns the marked part of an expression.
func FindAnchor(segment string) (string, bool) {
	a, ok := findAnchor(segment)
	if !ok {
		return "", false
	}
	return segment[a.start:a.end], true
}

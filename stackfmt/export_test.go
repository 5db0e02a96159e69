package stackfmt

// Back doors for the tests of package stackfmt_test.
var (
	EditDistance = editDistance
	CanColorize  = canColorize
	DisplayWidth = displayWidth
	JoinLines    = joinLines
)

// FindAnchor returns the marked part of an expression.
func FindAnchor(segment string) (string, bool) {
	a, ok := findAnchor(segment)
	if !ok {
		return "", false
	}
	return segment[a.start:a.end], true
}

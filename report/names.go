package report

import (
	"fmt"
	"slices"
)

// names are the words for the values of an enumeration, from 0 on.
type names []string

func (n names) of(i int) string {
	if i < 0 || i >= len(n) {
		return fmt.Sprintf("unknown(%d)", i)
	}
	return n[i]
}

func (n names) marshal(i int) ([]byte, error) {
	if i < 0 || i >= len(n) {
		return nil, fmt.Errorf("report: value %d has no name", i)
	}
	return []byte(n[i]), nil
}

func (n names) unmarshal(what string, b []byte) (int, error) {
	i := slices.Index(n, string(b))
	if i < 0 {
		return 0, fmt.Errorf("report: %q is not a %s", b, what)
	}
	return i, nil
}

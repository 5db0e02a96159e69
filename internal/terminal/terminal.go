// Package terminal says whether a file is a terminal, and whether text for it may have
// colour.
package terminal

import "os"

// Colored answers to Python's _colorize.can_colorize without the variables that only
// Python has. NO_COLOR and FORCE_COLOR count if they are not empty.
func Colored(f *os.File, getenv func(string) string) bool {
	switch {
	case getenv("NO_COLOR") != "":
		return false
	case getenv("FORCE_COLOR") != "":
		return true
	case getenv("TERM") == "dumb":
		return false
	}
	return Is(f)
}

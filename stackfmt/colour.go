package stackfmt

import (
	"io"
	"os"

	"github.com/epitaph-go/epitaph/internal/terminal"
)

// Theme holds the escape sequences that colour the parts of a text, by the fields
// of Python's traceback theme (_colorize.set_theme): each is printed before its
// part, Reset behind it.
type Theme struct {
	Type, Message, Note string
	// File, Line and Func are the parts of a frame's position.
	File, Line, Func string
	// Highlight is the part of a source line that has carets, Range that which
	// has tildes.
	Highlight, Range string
	Reset            string
}

// DefaultTheme returns Python's default theme.
func DefaultTheme() Theme {
	return Theme{
		Type: "\x1b[1;35m", Message: "\x1b[35m", Note: "\x1b[36m",
		File: "\x1b[35m", Line: "\x1b[35m", Func: "\x1b[35m",
		Highlight: "\x1b[1;31m", Range: "\x1b[31m", Reset: "\x1b[0m",
	}
}

// theme is a Theme in use. The zero theme prints plain text, so the formatter has
// one path for both.
type theme struct {
	Theme
	colored bool
}

var (
	plainTheme = theme{}
	colorTheme = theme{Theme: DefaultTheme(), colored: true}
)

// themeFor decides about colour for output to w, nil for text that is returned.
func (c *config) themeFor(w io.Writer) *theme {
	colored := c.color == ColorAlways
	if f, ok := w.(*os.File); ok && f != nil && c.color == ColorAuto {
		colored = terminal.Colored(f, os.Getenv)
	}
	switch {
	case !colored:
		return &plainTheme
	case c.theme != nil:
		return &theme{Theme: *c.theme, colored: true}
	}
	return &colorTheme
}

package stackfmt

import (
	"io"
	"os"
)

// theme holds the escape sequences of Python's traceback theme. The zero theme
// prints plain text, so the formatter has one path for both.
type theme struct {
	typ, message           string
	file, line, fn         string
	highlight, span, reset string
	colored                bool
}

var (
	plainTheme = theme{}
	colorTheme = theme{
		typ:       "\x1b[1;35m",
		message:   "\x1b[35m",
		file:      "\x1b[35m",
		line:      "\x1b[35m",
		fn:        "\x1b[35m",
		highlight: "\x1b[1;31m",
		span:      "\x1b[31m",
		reset:     "\x1b[0m",
		colored:   true,
	}
)

// themeFor decides about colour for output to w, nil for text that is returned.
func (c *config) themeFor(w io.Writer) *theme {
	switch c.color {
	case ColorAlways:
		return &colorTheme
	case ColorAuto:
		if f, ok := w.(*os.File); ok && f != nil && canColorize(f, os.Getenv) {
			return &colorTheme
		}
	}
	return &plainTheme
}

// canColorize answers to Python's _colorize.can_colorize without the variables
// that only Python has. NO_COLOR and FORCE_COLOR count if they are not empty.
func canColorize(f *os.File, getenv func(string) string) bool {
	switch {
	case getenv("NO_COLOR") != "":
		return false
	case getenv("FORCE_COLOR") != "":
		return true
	case getenv("TERM") == "dumb":
		return false
	}
	return isTerminal(f)
}

// isTerminal takes a character device for a terminal. The exact question is an
// ioctl that differs by system; the devices that this takes for terminals,
// such as /dev/null, lose the colour anyway.
func isTerminal(f *os.File) bool {
	fi, err := f.Stat()
	return err == nil && fi.Mode()&os.ModeCharDevice != 0
}

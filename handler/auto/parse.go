package auto

import (
	"errors"
	"fmt"
	"strings"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// A setting is one KEY=VALUE.
type setting struct {
	key   *key
	value string
}

// String is what an error says of it: one line, not too long, without control
// characters.
func (s setting) String() string { return s.key.name + "=" + show(s.value) }

// show is a text of the variable, for an error.
func show(text string) string {
	const limit = 100
	if len(text) > limit {
		text = text[:limit] + "..."
	}
	quoted := fmt.Sprintf("%+q", text)
	if quoted == `"`+text+`"` && text != "" {
		return text
	}
	return quoted
}

// parse splits the value of the variable. It is nil when nothing is to happen,
// and empty when everything is to be as usual. It does not touch any file.
func parse(value string) ([]setting, error) {
	switch strings.ToLower(value) {
	case "", "0", "false", "no", "off":
		return nil, nil
	}
	settings := []setting{}
	for i, part := range split(value) {
		part = strings.TrimLeft(part, " ")
		if i == 0 && isOn(part) {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, fmt.Errorf("%s: want 1 or KEY=VALUE[,...] (keys: %s)", show(part), names())
		}
		key := find(name)
		if key == nil {
			return nil, unknown(name)
		}
		for _, s := range settings {
			if s.key == key {
				return nil, fmt.Errorf("%s: given twice", name)
			}
		}
		value, err := unescape(value)
		s := setting{key, value}
		if err == nil && value == "" {
			err = errors.New("the value is empty")
		}
		if err == nil && key.check != nil {
			err = key.check(value)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s, err)
		}
		settings = append(settings, s)
	}
	return settings, nil
}

// isOn reports whether a text is one of those that switch everything on.
func isOn(text string) bool {
	switch strings.ToLower(text) {
	case "1", "true", "yes", "on":
		return true
	}
	return false
}

// names are those of the keys that are not deprecated.
func names() string {
	var all []string
	for _, k := range keys {
		if !k.deprecated {
			all = append(all, k.name)
		}
	}
	return strings.Join(all, ", ")
}

func unknown(name string) error {
	var all []string
	for _, k := range keys {
		all = append(all, k.name)
	}
	if meant, ok := stackfmt.Suggest(strings.ToLower(name), all); ok {
		return fmt.Errorf("%s: there is no such key, did you mean %s?", show(name), meant)
	}
	if lower := strings.ToLower(name); find(lower) != nil {
		return fmt.Errorf("%s: there is no such key, did you mean %s?", show(name), lower)
	}
	return fmt.Errorf("%s: there is no such key (keys: %s)", show(name), names())
}

// split cuts a text at its commas, but those behind a backslash.
func split(text string) []string {
	var parts []string
	start := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case ',':
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}

func unescape(value string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] == '\\' {
			i++
			if i == len(value) || value[i] != '\\' && value[i] != ',' {
				return value, errors.New(`a backslash stands before a comma or a backslash only`)
			}
		}
		b.WriteByte(value[i])
	}
	return b.String(), nil
}

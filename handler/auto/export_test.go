package auto

import "strings"

// Parse gives the keys and values of a value of the variable, and whether it
// enables anything.
func Parse(value string) (settings [][2]string, on bool, err error) {
	parsed, err := parse(value)
	for _, s := range parsed {
		settings = append(settings, [2]string{s.key.name, s.value})
	}
	return settings, parsed != nil, err
}

// Keys are the names of all options.
func Keys() []string {
	var names []string
	for _, k := range keys {
		names = append(names, k.name)
	}
	return names
}

// Join is the reverse of Parse.
func Join(settings [][2]string) string {
	parts := []string{"1"}
	for _, s := range settings {
		parts = append(parts, s[0]+"="+strings.NewReplacer(`\`, `\\`, `,`, `\,`).Replace(s[1]))
	}
	return strings.Join(parts, ",")
}

package main

import (
	"os"
	"strings"
)

// except drops the findings that the list at path has, and adds one for each entry
// that dropped nothing. An entry is a line: the rule and the key of a finding, and
// behind a # why it is there. The same entry may drop several findings.
func except(findings []finding, path string) ([]finding, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	type entry struct {
		line int
		used bool
	}
	entries := map[string]*entry{}
	var left []finding
	for i, line := range strings.Split(string(source), "\n") {
		text, _, _ := strings.Cut(line, "#")
		key := strings.Join(strings.Fields(text), " ")
		if key == "" {
			continue
		}
		if entries[key] != nil {
			left = append(left, finding{rule: "exceptions", file: path, line: i + 1, text: "a second time: " + key})
		}
		entries[key] = &entry{line: i + 1}
	}
	for _, f := range findings {
		if e := entries[f.rule+" "+f.key]; f.key != "" && e != nil {
			e.used = true
			continue
		}
		left = append(left, f)
	}
	for key, e := range entries {
		if !e.used {
			left = append(left, finding{rule: "exceptions", file: path, line: e.line, text: "no longer needed: " + key})
		}
	}
	return left, nil
}

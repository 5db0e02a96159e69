package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Macros of compilers that tell the machine.
var machinePattern = regexp.MustCompile(`__(x86_64|amd64|i386|aarch64|arm64|arm)(__)?\b|__ARM_`)

// checkMachine looks for the preprocessor being asked for the machine, in the files of
// all machines. The headers arch.h and goabi.h, and what stands behind them, may ask.
func (t *tree) checkMachine() error {
	paths, err := filepath.Glob(filepath.Join(t.dir, "*", "*.[ch]"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		name := filepath.Base(path)
		if strings.HasPrefix(name, "arch.") || strings.HasPrefix(name, "arch_") || strings.HasPrefix(name, "goabi") {
			continue
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		directive := false
		for i, line := range strings.Split(string(source), "\n") {
			directive = directive || strings.HasPrefix(strings.TrimSpace(line), "#")
			if directive && machinePattern.MatchString(line) {
				key := filepath.Base(filepath.Dir(path)) + "/" + name
				t.report("machine", key, path, i+1, "the machine is asked for; that belongs into arch_* or goabi_*")
			}
			directive = directive && strings.HasSuffix(line, `\`)
		}
	}
	return nil
}

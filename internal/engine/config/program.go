package config

import (
	"os"
	"path/filepath"
)

// Executable is the path of the running program, for the report only.
func Executable() string {
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

// Program is its name.
func Program() string { return filepath.Base(Executable()) }

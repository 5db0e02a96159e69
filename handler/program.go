package handler

import (
	"os"
	"path/filepath"
)

// executable is the path of the running program, for the report only.
func executable() string {
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

func programName() string { return filepath.Base(executable()) }

package main

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/epitaph-go/epitaph/report"
	"github.com/epitaph-go/epitaph/stackfmt"
)

// sources finds the source of frames: at the path that the report has, and below the
// directories of -src under any end of that path.
type sources struct {
	dirs   []string
	report *report.Report
}

// reader returns what reads a line. A file that has changed after the crash has other
// lines, and is not read; nor is one that does not have the name of a source file, since
// the names in a report are anybody's.
func (s sources) reader() func(file string, line int) (string, bool) {
	built := time.Now()
	if p := s.report.Process; p != nil {
		built = p.Time
	}
	lines := stackfmt.NewSource(stackfmt.WithBuildTime(built))
	copies := stackfmt.NewSource(stackfmt.WithBuildTime(time.Now())) // a checkout is newer than the crash
	found := make(map[string]string)
	return func(file string, line int) (string, bool) {
		if line < 1 {
			return "", false
		}
		if text, ok := lines.Line(file, line); ok {
			return text, true
		}
		at, known := found[file]
		if !known {
			at = s.find(file)
			found[file] = at
		}
		if at == "" {
			return "", false
		}
		return copies.Line(at, line)
	}
}

// find returns where below the directories a file is, "" if nowhere.
func (s sources) find(file string) string {
	rest := strings.TrimPrefix(path.Clean("/"+filepath.ToSlash(file)), "/")
	for rest != "" {
		for _, dir := range s.dirs {
			at := filepath.Join(dir, filepath.FromSlash(rest))
			if info, err := os.Stat(at); err == nil && info.Mode().IsRegular() {
				return at
			}
		}
		_, rest, _ = strings.Cut(rest, "/")
	}
	return ""
}

package crashtest

import (
	"encoding/hex"
	"os"
	"strconv"
	"strings"

	"github.com/epitaph-go/epitaph/internal/symindex/objfile"
	"github.com/epitaph-go/epitaph/report"
)

// saveMaps leaves the parent the list of what is mapped where. A dump has no modules of its
// own, and the names of a process that hangs could not be looked up.
func (o *order) saveMaps() {
	if maps, err := os.ReadFile("/proc/self/maps"); err == nil {
		os.WriteFile(o.Maps, maps, 0o600)
	}
}

// addModules gives a dump those modules. Libraries that were loaded later are missing.
func addModules(r *report.Report, mapsFile string) {
	text, err := os.ReadFile(mapsFile)
	if err != nil || len(r.Modules) > 0 {
		return
	}
	r.Modules = modules(string(text))
	r.Layout = "" // it does not have them
}

// modules are the files in a text of /proc/PID/maps that have code.
func modules(maps string) (list []report.Module) {
	index := make(map[string]int)
	code := make(map[string]bool)
	for line := range strings.Lines(maps) {
		start, end, path, isCode, ok := mapping(line)
		if !ok {
			continue
		}
		code[path] = code[path] || isCode
		i, known := index[path]
		if !known {
			i = len(list)
			index[path] = i
			list = append(list, report.Module{Start: start, Path: path})
		}
		list[i].End = end
	}
	kept := list[:0]
	for _, m := range list {
		if code[m.Path] {
			m.BuildID = buildID(m.Path)
			kept = append(kept, m)
		}
	}
	return kept
}

// mapping reads "START-END PERM OFFSET DEVICE INODE PATH".
func mapping(line string) (start, end report.Word, path string, isCode, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 6 || !strings.HasPrefix(fields[5], "/") {
		return 0, 0, "", false, false
	}
	first, last, _ := strings.Cut(fields[0], "-")
	a, err := strconv.ParseUint(first, 16, 64)
	b, err2 := strconv.ParseUint(last, 16, 64)
	path = line[strings.IndexByte(line, '/') : len(line)-1]
	return report.Word(a), report.Word(b), path, strings.Contains(fields[1], "x"), err == nil && err2 == nil
}

func buildID(path string) string {
	f, err := objfile.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	return hex.EncodeToString(f.BuildID())
}

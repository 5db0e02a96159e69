//go:build cgo && linux && (amd64 || arm64)

package engine

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// limitReports leaves the directory out where it has as many reports as it may, and says
// what a report is to say about that. It is now that they are counted: after the fault a
// directory of a million files, or one that does not answer, would cost the report.
func limitReports(c *config.Config, program string) (dir, note string) {
	if c.Dir == "" || c.MaxReports == 0 || !hasReports(c.Dir, program, c.MaxReports) {
		return c.Dir, ""
	}
	return "", fmt.Sprintf("no report file was made in %s, which has %d already (WithMaxReports)", c.Dir, c.MaxReports)
}

// hasReports tells whether there are n files of reports on a program.
func hasReports(dir, program string, n int) bool {
	f, err := os.Open(dir)
	if err != nil {
		return false // the report will say why there is no file
	}
	defer f.Close()
	program = programInName(program)
	for {
		names, err := f.Readdirnames(1000)
		for _, name := range names {
			if isReportOn(dir, name, program) {
				if n--; n == 0 {
					return true
				}
			}
		}
		if err != nil {
			return false
		}
	}
}

// fileName is what native/report/file.c puts behind the program's name: the host, the pid,
// the time, and a letter where that name was there.
var fileName = regexp.MustCompile(`^-(?:([0-9A-Za-z_.-]+)-)?[0-9]+-[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9]{6}\.[0-9]{6}Z[a-z]?\.crash$`)

// processLine is the line of a report that has the program's name.
var processLine = regexp.MustCompile(`(?m)^Process: [0-9]+ "([^"]*)"`)

// isReportOn tells whether a file has a report on a program. Behind "ingest-" stands a host, or
// the rest of the name of "ingest-worker"; there the report itself has to tell, unless the
// host is this one.
func isReportOn(dir, name, program string) bool {
	rest, ok := strings.CutPrefix(name, program)
	parts := fileName.FindStringSubmatch(rest)
	if !ok || parts == nil {
		return false
	}
	host := parts[1]
	if host == "" || host == hostInName(learnHost()) {
		return true
	}
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return true
	}
	defer f.Close()
	head := make([]byte, 16<<10)
	size, _ := io.ReadFull(f, head)
	process := processLine.FindSubmatch(head[:size])
	return process == nil || !strings.HasPrefix(string(process[1]), program+"-")
}

// programInName and hostInName are names as native/report/file.c writes them.
func programInName(program string) string {
	const most = 63 // of struct epi_options
	return strings.ReplaceAll(program[:min(len(program), most)], ":", "")
}

func hostInName(host string) string {
	b := []byte(host)
	for i, c := range b {
		if !strings.ContainsRune("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-.", rune(c)) {
			b[i] = '_'
		}
	}
	return string(b)
}

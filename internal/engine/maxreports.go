//go:build cgo && linux && amd64

package engine

import (
	"fmt"
	"os"
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
	for {
		names, err := f.Readdirnames(1000)
		for _, name := range names {
			if strings.HasPrefix(name, program+"-") && strings.HasSuffix(name, ".crash") {
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

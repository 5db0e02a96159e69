//go:build linux && amd64

package arm64

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
	"github.com/epitaph-go/epitaph/tests/arm64/job"
)

// boxJob is the job that leaves a black box, and prints it.
const boxJob = "a black box"

func (r *root) addBox() {
	dir, p := "../blackbox", plain[0]
	r.program(dir, p, r.env...)
	script := `printf 'goroutines 7\nannotate request=7f3a\ncrumb last one\nsleep 100ms\ncrash\n' |
		` + "'" + filepath.Join(built, p.Inside(dir)) + "'" + ` /tmp/box 20ms >/dev/null
		gzip -c /tmp/box | base64`
	r.jobs = append(r.jobs, job.Job{Name: boxJob, Dir: "/tmp", Limit: time.Minute,
		Args: []string{"/bin/sh", "-c", script}, Env: []string{"PATH=/bin"}})
}

// checkBox reads the box and the report of the other machine on this one.
func checkBox(t *testing.T, r job.Result) {
	t.Helper()
	z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(r.Stdout)))
	if err != nil {
		t.Fatalf("%v: %+v", err, r)
	}
	box, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("EPITAPH_ARM64_KEEP"); dir != "" { // for the samples of packages report and blackbox
		if err := os.WriteFile(filepath.Join(dir, "arm64.box"), box, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run, err := blackbox.Read(bytes.NewReader(box))
	if err != nil {
		t.Fatal(err)
	}
	if run.End.Kind != blackbox.Crashed || len(run.Damage) > 0 || len(run.Snapshots) == 0 || len(run.Breadcrumbs) != 1 || !strings.Contains(run.Build, "linux/arm64") {
		t.Errorf("the box has %d snapshots, breadcrumbs %v, build %q, end %+v, damage %v", len(run.Snapshots), run.Breadcrumbs, run.Build, run.End, run.Damage)
	}
	if text := victim.Report(t, r.Stderr); string(run.Report) != text.String() {
		t.Errorf("the report in the box is\n%s\non standard error it is\n%s", run.Report, text)
	}
	rep, err := report.Parse(run.Report)
	if err != nil {
		t.Fatal(err)
	}
	if !rep.Complete() || !rep.Intact() || len(rep.Unknown) > 0 || rep.Build == nil || rep.Build.Platform != "linux/arm64" {
		t.Errorf("the report is %+v", rep)
	}
}

package blackbox_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"testing"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/report"
)

// A box of arm64 is read on every machine, and so is the report in it. The one in testdata
// is what tests/arm64 leaves in the directory EPITAPH_ARM64_KEEP.
func TestBoxOfAnotherMachine(t *testing.T) {
	packed, err := os.ReadFile("testdata/arm64.box.gz")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	box, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	run, err := blackbox.Parse(box)
	if err != nil {
		t.Fatal(err)
	}
	if run.End.Kind != blackbox.Crashed || run.End.Signal != 11 || !run.End.Complete || len(run.Damage) > 0 || run.Torn > 0 ||
		len(run.Snapshots) != 2 || len(run.Annotations) != 1 || len(run.Breadcrumbs) != 1 {
		t.Errorf("end %+v, %d snapshots, annotations %v, breadcrumbs %v, damage %v", run.End, len(run.Snapshots), run.Annotations, run.Breadcrumbs, run.Damage)
	}
	r, err := report.Parse(run.Report)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Complete() || !r.Intact() || len(r.Unknown) > 0 || r.Build.Platform != "linux/arm64" {
		t.Errorf("the report in it: %s", r)
	}
}

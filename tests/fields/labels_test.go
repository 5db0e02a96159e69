//go:build linux && (amd64 || arm64) && cgo

package fields

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/epitaph-go/epitaph/internal/victim"
	"github.com/epitaph-go/epitaph/report"
)

// wanted are the labels of the victim, in the order of their keys.
var wanted = []report.Annotation{
	{Key: "long", Value: strings.Repeat("x", 424) + "..."},
	{Key: "request", Value: "7f3a"},
	{Key: "tenant", Value: "\u0416 = 1"},
}

func TestLabels(t *testing.T) {
	equal(t, crashed(t, "labels how=c").Labels, wanted)
}

func TestNoLabels(t *testing.T) {
	equal(t, crashed(t, "crash").Labels, nil)
}

// More than 64 are not shown.
func TestManyLabels(t *testing.T) {
	r := crashed(t, "labels how=c many=1")
	if n := len(r.Labels); n != 65 || r.Labels[63].Key != "k63" || r.Labels[64] != (report.Annotation{Key: "...", Value: "there are more"}) {
		t.Errorf("%d labels: %+v", n, r.Labels)
	}
}

// In the report of a panic and of a fatal error, which is not on standard error. A panic has
// those that were set with SetGoroutineLabels.
func TestLabelsInGoDeaths(t *testing.T) {
	for _, how := range []string{"panic", "fatal"} {
		t.Run(how, func(t *testing.T) {
			dir := t.TempDir()
			o := program.Run(t, "labels how="+how+" dir="+dir, victim.Unset("GOTRACEBACK"))
			o.Exited(t, 2)
			files, _ := filepath.Glob(filepath.Join(dir, "*.crash"))
			if len(files) != 1 {
				t.Fatalf("%d reports: %v", len(files), o)
			}
			text, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			equal(t, victim.Complete(t, string(text)).Labels, wanted)
		})
	}
}

// Labels that cannot be read are no fault of the report's.
func TestDamagedLabels(t *testing.T) {
	for how, want := range map[string]int{"nowhere": 0, "noslice": 1, "endless": 65, "string": 3} {
		t.Run(how, func(t *testing.T) {
			o := program.Run(t, "labels how="+how)
			o.DiedOf(t, syscall.SIGSEGV)
			r := victim.Complete(t, o.Stderr)
			if len(r.Labels) > want {
				t.Errorf("%+v", r.Labels)
			}
			if how == "string" && (len(r.Labels) != 3 || r.Labels[0].Key != "<unreadable>" || r.Labels[1] != wanted[1]) {
				t.Errorf("%+v", r.Labels)
			}
		})
	}
}

func equal(t *testing.T, got, want []report.Annotation) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%+v, want %+v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%+v, want %+v", got[i], want[i])
		}
	}
}

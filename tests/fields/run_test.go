//go:build linux && (amd64 || arm64) && cgo

// Package fields tests what a report says around the stacks: where the process ran and what
// it had left, who asked for a dump, what its breadcrumbs and labels are. The process is a
// child, the program victim.
package fields

import (
	"os"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

var program = &victim.Program{Build: []string{"./victim"}, Limit: 40 * time.Second}

func TestMain(m *testing.M) { os.Exit(victim.Main(m)) }

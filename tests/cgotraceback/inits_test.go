//go:build linux && (amd64 || arm64) && cgo

package cgotraceback

import (
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

var inits = &victim.Program{Name: "inits", Build: []string{"./inits"}, Limit: 20 * time.Second}

// Enabled by an init that runs early, Epitaph waits for the others: a package that
// registers its provider in a later one finds none, and keeps its own.
func TestInits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		env  []string
		want string // late has registered, C's functions are in the profile, late was asked
	}{
		{[]string{"EPITAPH=1,cgotraceback=1"}, "false true false\n"},
		{[]string{"EPITAPH=1,cgotraceback=1", "LATE=1"}, "true false true\n"},
		{[]string{"EPITAPH=1", "LATE=1"}, "true false true\n"},
		{[]string{"LATE=1"}, "true false true\n"},
	} {
		o := inits.Run(t, "", victim.Unset("EPITAPH"), victim.Env(c.env...))
		if !o.IsExit(0) || o.Stdout != c.want {
			t.Errorf("%q: it says %q, want %q: %v", c.env, o.Stdout, c.want, o)
		}
	}
}

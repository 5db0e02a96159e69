//go:build linux && (amd64 || arm64) && !go1.28

package revive_test

import (
	"testing"

	"github.com/epitaph-go/epitaph/internal/gort/revive"
)

func TestFindFrozen(t *testing.T) {
	f, err := revive.FindFrozen()
	if err != nil {
		t.Fatal(err)
	}
	again, err := revive.FindFrozen()
	if again != f || err != nil {
		t.Errorf("%+v, %v; first it was %+v", again, err, f)
	}
}

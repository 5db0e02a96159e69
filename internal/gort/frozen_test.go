//go:build linux && amd64 && !go1.28

package gort_test

import (
	"testing"

	"github.com/epitaph-go/epitaph/internal/gort"
)

func TestFindFrozen(t *testing.T) {
	f, err := gort.FindFrozen()
	if err != nil {
		t.Fatal(err)
	}
	again, err := gort.FindFrozen()
	if again != f || err != nil {
		t.Errorf("%+v, %v; first it was %+v", again, err, f)
	}
}

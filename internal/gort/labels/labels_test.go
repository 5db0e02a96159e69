//go:build linux && (amd64 || arm64)

package labels_test

import (
	"sync"
	"testing"

	"github.com/epitaph-go/epitaph/internal/gort/labels"
)

func TestFind(t *testing.T) {
	offset, err := labels.Find()
	if err != nil {
		t.Fatal(err)
	}
	t.Log("offset", offset)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if again, err := labels.Find(); err != nil || again != offset {
				t.Errorf("%d, %v; first it was %d", again, err, offset)
			}
		})
	}
	all.Wait()
}

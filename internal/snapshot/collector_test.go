package snapshot_test

import (
	"fmt"
	"github.com/epitaph-go/epitaph/internal/boxformat"
	"github.com/epitaph-go/epitaph/internal/snapshot"
	"testing"
)

func TestX(t *testing.T) {
	var s boxformat.Slot
	c := snapshot.NewCollector()
	c.Take(&s)
	c.Take(&s)
	fmt.Printf("%s\n", s.Text)
	s.Text = nil
	fmt.Printf("%+v\n", s)
}

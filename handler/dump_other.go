//go:build !(cgo && linux && amd64)

package handler

import (
	"fmt"
	"runtime"

	"github.com/epitaph-go/epitaph/internal/goroutines"
)

// dump writes the goroutines, which is what pure Go can know.
func dump(c *config, _ uintptr) error {
	if err := writeGoroutines(c, ""); err != nil {
		return err
	}
	return withoutCore(c)
}

// writeGoroutines writes a dump with what is to stand before it, in one piece: others
// may be writing theirs.
func writeGoroutines(c *config, head string) error {
	all := c.allThreads
	text := make([]byte, 64<<10)
	n := runtime.Stack(text, all)
	for n == len(text) && len(text) < maxPureDump {
		text = make([]byte, 4*len(text))
		n = runtime.Stack(text, all)
	}
	set := goroutines.FromDump(text[:n], goroutines.Source{
		Alive: runtime.NumGoroutine(),
		Cut:   n == len(text),
		Own:   isOwn,
		Entry: isDump,
	})
	whole := append([]byte(head), make([]byte, 2*n+1024)...)
	size := set.Render(whole[len(head):], "live")
	if _, err := c.output.Write(whole[:len(head)+size]); err != nil {
		return fmt.Errorf("handler: %s: %w", callNames[c.call], err)
	}
	return nil
}

const maxPureDump = 64 << 20

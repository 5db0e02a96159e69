package pure

import (
	"fmt"
	"runtime"

	"github.com/epitaph-go/epitaph/internal/engine/config"
	"github.com/epitaph-go/epitaph/internal/goroutines"
)

// Dump writes the goroutines, which is what pure Go can know.
func (Engine) Dump(c *config.Config, _ uintptr) error {
	if err := writeGoroutines(c, ""); err != nil {
		return err
	}
	return withoutCore(c)
}

// writeGoroutines writes a dump with what is to stand before it, in one piece: others
// may be writing theirs.
func writeGoroutines(c *config.Config, head string) error {
	all := c.AllThreads
	text := make([]byte, 64<<10)
	n := runtime.Stack(text, all)
	for n == len(text) && len(text) < maxPureDump {
		text = make([]byte, 4*len(text))
		n = runtime.Stack(text, all)
	}
	set := goroutines.FromDump(text[:n], goroutines.Source{
		Alive: runtime.NumGoroutine(),
		Cut:   n == len(text),
		Own:   config.IsOwn,
		Entry: config.IsDump,
	})
	whole := append([]byte(head), make([]byte, 2*n+1024)...)
	size := set.Render(whole[len(head):], "live")
	if _, err := c.Output.Write(whole[:len(head)+size]); err != nil {
		return fmt.Errorf("epitaph: %s: %w", c.Call, err)
	}
	return nil
}

const maxPureDump = 64 << 20

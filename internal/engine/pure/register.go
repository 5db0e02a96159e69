package pure

import (
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/epitaph-go/epitaph/internal/engine/config"
)

// A registration is a signal that a goroutine waits for.
type registration struct {
	came   chan os.Signal
	config atomic.Pointer[config.Config]
	ended  chan struct{}
}

// registered are those in force. Changed with mu held.
var registered = map[syscall.Signal]*registration{}

// Register has a goroutine wait for the signal.
func (Engine) Register(sig syscall.Signal, c *config.Config) error {
	registering.Lock()
	defer registering.Unlock()
	mu.Lock()
	defer mu.Unlock()
	r := registered[sig]
	if r == nil {
		r = &registration{came: make(chan os.Signal, 1), ended: make(chan struct{})}
		registered[sig] = r
		r.config.Store(c)
		go r.dump()
		signal.Notify(r.came, sig)
	}
	r.config.Store(c)
	return fmt.Errorf("epitaph: Register: goroutines alone, and only while the scheduler works: %w", config.ErrNoNative)
}

// Unregister ends that, and waits for its dumps.
func (Engine) Unregister(sig syscall.Signal) bool {
	registering.Lock()
	defer registering.Unlock()
	mu.Lock()
	r := registered[sig]
	delete(registered, sig)
	mu.Unlock()
	if r == nil {
		return false
	}
	signal.Stop(r.came)
	close(r.came)
	<-r.ended
	return true
}

// dump writes a dump for each signal; there is no caller to return an error to.
func (r *registration) dump() {
	defer close(r.ended)
	for range r.came {
		c := *r.config.Load()
		c.AllThreads = true // its own stack is no answer
		writeGoroutines(&c, "")
	}
}

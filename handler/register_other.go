//go:build !(cgo && linux && amd64)

package handler

import (
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// A registration is a signal that a goroutine waits for.
type registration struct {
	came   chan os.Signal
	config atomic.Pointer[config]
	ended  chan struct{}
}

// registered are those in force. Changed with mu held.
var registered = map[syscall.Signal]*registration{}

func register(sig syscall.Signal, c *config) error {
	r := registered[sig]
	if r == nil {
		r = &registration{came: make(chan os.Signal, 1), ended: make(chan struct{})}
		registered[sig] = r
		r.config.Store(c)
		go r.dump()
		signal.Notify(r.came, sig)
	}
	r.config.Store(c)
	return fmt.Errorf("handler: Register: goroutines alone, and only while the scheduler works: %w", ErrNoNative)
}

func unregister(sig syscall.Signal) bool {
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

// dump writes a dump for each signal; there is nobody to tell of an error.
func (r *registration) dump() {
	defer close(r.ended)
	for range r.came {
		c := *r.config.Load()
		c.allThreads = true // its own stack is no answer
		writeGoroutines(&c, "")
	}
}

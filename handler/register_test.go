//go:build unix

package handler_test

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

// With the C core and without: the signal is dumped, into the file that was last
// said, and the program's channel gets it. What only the core can do is tested in
// tests/faulthandler.
func TestRegister(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dumps")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	channel := make(chan os.Signal, 1)
	signal.Notify(channel, syscall.SIGUSR2)
	defer signal.Stop(channel)
	for range 2 { // the second call replaces the options
		if err := handler.Register(syscall.SIGUSR2, handler.WithOutput(file), handler.WithChain()); err != nil && !errors.Is(err, handler.ErrNoNative) {
			t.Fatal(err)
		}
	}
	const last = "github.com/epitaph-go/epitaph/handler_test.TestRegister"
	for n := 1; n <= 2; n++ {
		if err := syscall.Kill(os.Getpid(), syscall.SIGUSR2); err != nil {
			t.Fatal(err)
		}
		select {
		case <-channel:
		case <-time.After(10 * time.Second):
			t.Fatal("the channel gets nothing")
		}
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Count(string(text), "Goroutines: ") == n && strings.Contains(string(text), last) {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("no dump %d in:\n%s", n, text)
			}
		}
	}
	if !handler.Unregister(syscall.SIGUSR2) || handler.Unregister(syscall.SIGUSR2) {
		t.Error("Unregister does not tell what was registered")
	}
	if handler.Enabled() {
		t.Error("Register has enabled reports of crashes")
	}
}

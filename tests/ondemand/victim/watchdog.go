//go:build linux && (amd64 || arm64) && cgo

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

func init() {
	add("watchdog", watchdog)
	add("watchdogs", watchdogs)
	add("beating", beating)
}

// watchdog beats for a while and stops, twice, and waits for what the watchdog says
// to that. It prints when the last beats were.
func watchdog(s settings) {
	enable(s)
	d := duration(s, "d", 320*time.Millisecond)
	f := tempFile()
	w, err := handler.NewWatchdog(d, append(timer(s), handler.WithOutput(f))...)
	must(err)
	for i := range 2 {
		last := beatFor(w, 2*d)
		fmt.Println(last.Format(time.RFC3339Nano))
		silence(f, i+1)
		time.Sleep(2 * d) // nothing more comes
	}
	w.Stop()
	w.Stop()
	w.Beat()
	time.Sleep(2 * d)
	show(f)
}

func beatFor(w *handler.Watchdog, d time.Duration) (last time.Time) {
	for began := time.Now(); time.Since(began) < d; {
		time.Sleep(5 * time.Millisecond)
		last = time.Now()
		w.Beat()
	}
	return last
}

// silence lasts until there are n dumps in f.
//
//go:noinline
func silence(f *os.File, n int) {
	for range 2000 {
		text := make([]byte, 1<<20)
		size, _ := f.ReadAt(text, 0)
		if strings.Count(string(text[:size]), "\nEnd of report (") >= n {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	fail("the watchdog does not bark")
}

// watchdogs starts as many as there can be, and one more.
func watchdogs(settings) {
	var all []*handler.Watchdog
	for {
		w, err := handler.NewWatchdog(time.Hour)
		if err != nil {
			fmt.Println(len(all), err)
			break
		}
		all = append(all, w)
	}
	f := tempFile()
	all[10].Stop()
	w, err := handler.NewWatchdog(100*time.Millisecond, handler.WithOutput(f))
	must(err)
	all[10].Beat() // whose word is w's now
	silence(f, 1)
	for _, w := range append(all, w) {
		w.Stop()
	}
	// Two that bark at the same time.
	for range 2 {
		w, err := handler.NewWatchdog(50*time.Millisecond, handler.WithOutput(f))
		must(err)
		defer w.Stop()
	}
	silence(f, 3)
	show(f)
	var none *handler.Watchdog
	none.Beat()
	none.Stop()
	if _, err := handler.NewWatchdog(-1); err == nil {
		must(errors.New("a negative time is taken"))
	}
}

// beating beats all the time; whoever stops the process must not hear of it.
func beating(s settings) {
	w, err := handler.NewWatchdog(duration(s, "d", time.Second))
	must(err)
	fmt.Println("ready")
	beatFor(w, duration(s, "for", 5*time.Second))
	w.Stop()
}

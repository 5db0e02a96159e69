//go:build linux && amd64 && cgo

package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

func init() {
	add("watchdog", watchdog)
	add("watchdogs", watchdogs)
	add("beating", beating)
}

// watchdog beats for a while and stops, twice. It prints when the last beats were.
func watchdog(s settings) {
	s.enable()
	d := s.duration("d", 320*time.Millisecond)
	w, err := handler.NewWatchdog(d, s.options()...)
	must(err)
	for range 2 {
		last := beatFor(w, 2*d)
		fmt.Println(last.Format(time.RFC3339Nano))
		silence(3 * d)
	}
	w.Stop()
	w.Stop()
	w.Beat()
	time.Sleep(2 * d)
}

func beatFor(w *handler.Watchdog, d time.Duration) (last time.Time) {
	for began := time.Now(); time.Since(began) < d; {
		time.Sleep(5 * time.Millisecond)
		last = time.Now()
		w.Beat()
	}
	return last
}

//go:noinline
func silence(d time.Duration) { time.Sleep(d) }

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
	all[10].Stop()
	w, err := handler.NewWatchdog(100 * time.Millisecond)
	must(err)
	all[10].Beat() // whose word is w's now
	time.Sleep(time.Second)
	for _, w := range append(all, w) {
		w.Stop()
	}
	// Two that bark at the same time.
	for range 2 {
		w, err := handler.NewWatchdog(50 * time.Millisecond)
		must(err)
		defer w.Stop()
	}
	time.Sleep(500 * time.Millisecond)
	var none *handler.Watchdog
	none.Beat()
	none.Stop()
	if _, err := handler.NewWatchdog(-1); err == nil {
		must(errors.New("a negative time is taken"))
	}
}

// beating beats all the time; whoever stops the process must not hear of it.
func beating(s settings) {
	w, err := handler.NewWatchdog(s.duration("d", time.Second))
	must(err)
	fmt.Println("ready")
	beatFor(w, s.duration("for", 5*time.Second))
	w.Stop()
}

//go:build linux && (amd64 || arm64) && cgo

// Victim is the program that the tests of exits run:
//
//	victim SCENARIO [KEY=VALUE ...]
//
// The setting how says how it ends: by the return of main, by os.Exit, log.Fatal or
// runtime.Goexit, or by C's exit, quick_exit or _exit.
package main

// #cgo LDFLAGS: -ldl
// #include <stdlib.h>
// #include "leave.h"
import "C"

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/epitaph-go/epitaph/handler"
	_ "github.com/epitaph-go/epitaph/handler/interpose"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

type settings = scenario.Settings

var scenarios = map[string]func(settings){}

func main() { scenario.Main(scenarios) }

func pause(s settings, key string) { time.Sleep(time.Duration(s.Number(key)) * time.Millisecond) }

// leave ends the program with the setting status; of the ways of Go only os.Exit has one.
func leave(s settings) {
	how, status := s["how"], C.int(s.Number("status"))
	switch how {
	case "return":
		scenario.Returns = true
		return
	case "exit":
		os.Exit(int(status))
	case "fatal":
		log.SetOutput(os.Stdout) // not into the report
		log.Fatal("fatal")
	}
	name := C.CString(how)
	if s["thread"] != "" {
		C.leave_on_thread(name, status)
	}
	C.leave(name, status)
}

func init() {
	scenarios["leave"] = func(s settings) {
		s.Enable()
		leave(s)
	}

	// Other threads dump and are dumped, or spin, when the program becomes another one, somewhere in
	// the first milliseconds after Enable that the setting within has: nobody waits until it is ready.
	scenarios["exec"] = func(s settings) {
		scenario.Must(handler.Enable(s.Options()...))
		for range s.Number("spin") {
			go func() {
				//lint:ignore SA5002 that is the case
				for {
				}
			}()
		}
		if s["dump"] != "" {
			go func() {
				for {
					handler.Dump(handler.WithOutput(os.Stdout))
				}
			}()
		}
		if most := s.Number("within"); most > 0 {
			time.Sleep(rand.N(time.Duration(most) * time.Millisecond))
		}
		scenario.Must(syscall.Exec("/bin/true", []string{"true"}, nil))
	}

	// The program waits for a signal; with the setting notify it then ends by itself.
	scenarios["wait"] = func(s settings) {
		s.Enable()
		told := make(chan os.Signal, 1)
		if s["notify"] != "" {
			signal.Notify(told, syscall.SIGTERM)
		}
		scenario.Say("ready")
		<-told
		os.Exit(s.Number("status"))
	}

	// C code brings about a deadly signal; "output" does in Go.
	scenarios["silent"] = func(s settings) {
		s.Enable()
		if s["what"] == "output" {
			for {
				fmt.Println("nobody reads this")
			}
		}
		what := C.CString(s["what"])
		C.bring_about_on_thread(what)
	}

	// Go ignores these on its threads.
	scenarios["survive"] = func(s settings) {
		s.Enable()
		r, w, err := os.Pipe()
		scenario.Must(err)
		r.Close()
		for range 100 {
			if _, err := w.Write([]byte("x")); err == nil {
				scenario.Must(fmt.Errorf("the pipe takes it"))
			}
		}
		runtime.LockOSThread()
		for _, signal := range []syscall.Signal{syscall.SIGPIPE, syscall.SIGUSR1, syscall.SIGALRM, syscall.SIGXFSZ} {
			scenario.Must(unix.Tgkill(os.Getpid(), unix.Gettid(), signal))
		}
		os.Exit(0)
	}

	// The program ends while a thread's crash is reported, some milliseconds after it.
	scenarios["race"] = func(s settings) {
		var opts []handler.Option
		switch s["oncrash"] {
		case "sleep":
			opts = append(opts, handler.WithOnCrash(func(context.Context, []byte) { time.Sleep(300 * time.Millisecond) }))
		case "hang":
			opts = append(opts, handler.WithOnCrash(func(context.Context, []byte) { select {} }))
		}
		if s["off"] == "" {
			scenario.Must(handler.Enable(append(s.Options(), opts...)...))
		}
		C.start_crash(0)
		for C.about_to_crash() == 0 {
		}
		pause(s, "ms")
		leave(s)
	}

	// A thread crashes while the program runs the destructor of a library, which takes
	// its time.
	scenarios["destructor"] = func(s settings) {
		s.Enable()
		path := C.CString(s["library"])
		if err := C.load(path); err != nil {
			scenario.Must(fmt.Errorf("%s", C.GoString(err)))
		}
		C.start_crash(300)
		leave(s)
	}

	// A host resolves a thread's fault, or exits, while the program ends.
	scenarios["host"] = func(s settings) {
		C.start_host(C.int(s.Number("exits")), C.int(s.Number("takes")))
		s.Enable()
		C.touch_protected()
		for C.about_to_crash() == 0 {
		}
		if s["how"] == "" {
			select {}
		}
		leave(s)
	}

	// Goroutines recover nil dereferences while the program ends.
	scenarios["recover"] = func(s settings) {
		s.Enable()
		began := make(chan struct{}, 4)
		for range cap(began) {
			go func() {
				for i := 0; ; i++ {
					if i == 1000 {
						began <- struct{}{}
					}
					dereference()
				}
			}()
		}
		for range cap(began) {
			<-began
		}
		leave(s)
	}
}

//go:noinline
func dereference() {
	defer func() { _ = recover() }()
	var nowhere *int
	*nowhere = 1
}

//go:build linux && (amd64 || arm64) && cgo

// Victim is the program that the tests of hangs run:
//
//	victim SCENARIO how=later|watchdog
//
// A goroutine hangs in the way of the scenario, until the dump ends the process.
package main

/*
#include <pthread.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static void hang_mutex(void) { pthread_mutex_lock(&lock); pthread_mutex_lock(&lock); }
static void hang_condition(void) { pthread_mutex_lock(&lock); pthread_cond_wait(&condition, &lock); }
static int hang_read(void) { int fd[2]; char c; return pipe(fd) != 0 || read(fd[0], &c, 1) != 1; }
// A dump that ends the process interrupts it.
static void hang_sleep(void) { for (;;) { sleep(1000); } }
static void hang_spin(void) { for (volatile int on = 1; on != 0;) { } }
*/
import "C"

import (
	"log"
	"sync"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/victim/scenario"
)

type settings = scenario.Settings

var scenarios = map[string]func(settings){
	"mutex": in(mutex), "rlock": in(rlock), "wlock": in(wlock), "deadlock": deadlock, "nilsend": in(nilsend),
	"nilreceive": in(nilreceive), "nothing": in(nothing), "send": in(send), "receive": in(receive), "choice": in(choice),
	"group": in(group), "condition": in(condition), "spin": in(spin), "cmutex": in(cmutex),
	"ccondition": in(ccondition), "cread": in(cread), "csleep": in(csleep), "cspin": in(cspin),
}

func main() { scenario.Main(scenarios) }

const patience = 200 * time.Millisecond

// in has a goroutine hang in a function.
func in(hang func()) func(settings) {
	return func(s settings) {
		go hang()
		wait(s)
	}
}

// wait returns never: the dump ends the process.
func wait(s settings) {
	if s["how"] == "watchdog" {
		if _, err := handler.NewWatchdog(patience, handler.WithExit()); err != nil {
			log.Fatal(err)
		}
	} else if err := handler.DumpLater(patience, handler.WithExit()); err != nil {
		log.Fatal(err)
	}
	time.Sleep(time.Minute)
}

func mutex()      { var m sync.Mutex; m.Lock(); m.Lock() }
func rlock()      { var m sync.RWMutex; m.Lock(); m.RLock() }
func wlock()      { var m sync.RWMutex; m.RLock(); m.Lock() }
func nilsend()    { var c chan int; c <- 1 }
func nilreceive() { var c chan int; <-c }
func nothing()    { select {} }
func send()       { make(chan int) <- 1 }
func receive()    { <-make(chan int) }
func group()      { var g sync.WaitGroup; g.Add(1); g.Wait() }
func condition()  { c := sync.NewCond(new(sync.Mutex)); c.L.Lock(); c.Wait() }
func cmutex()     { C.hang_mutex() }
func ccondition() { C.hang_condition() }
func cread()      { C.hang_read() }
func csleep()     { C.hang_sleep() }
func cspin()      { C.hang_spin() }

func choice() {
	select {
	case <-make(chan int):
	case make(chan int) <- 1:
	}
}

func spin() {
	for n := 0; ; n++ {
		if n < 0 {
			n = 0
		}
	}
}

// deadlock has two goroutines wait for each other.
func deadlock(s settings) {
	var a, b sync.Mutex
	both := make(chan bool)
	go first(&a, &b, both)
	go second(&b, &a, both)
	wait(s)
}

func first(own, other *sync.Mutex, both chan bool) {
	own.Lock()
	both <- true
	other.Lock()
}

func second(own, other *sync.Mutex, both chan bool) {
	own.Lock()
	<-both
	other.Lock()
}

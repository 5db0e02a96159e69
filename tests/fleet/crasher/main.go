// Crasher is a service that calls C and crashes there, or panics. It logs a line before.
//
//	crasher [-dir DIR] [-json] [-panic] [-goroutines N] REQUEST
package main

/*
static int *volatile plane;

int copy_plane(int n) { plane[2] = n; return n; }
*/
import "C"

import (
	"context"
	"flag"
	"log"

	"github.com/epitaph-go/epitaph/handler"
)

func main() {
	dir := flag.String("dir", "", "WithDir")
	asJSON := flag.Bool("json", false, "WithFormat(JSON)")
	panics := flag.Bool("panic", false, "panic in Go")
	n := flag.Int("goroutines", 0, "how many goroutines wait, each in a call of its own depth")
	flag.Parse()
	var options []handler.Option
	if *dir != "" {
		options = append(options, handler.WithDir(*dir))
	}
	if *asJSON {
		options = append(options, handler.WithFormat(handler.JSON))
	}
	if err := handler.Enable(options...); err != nil {
		log.Fatal(err)
	}
	if err := handler.Ready(context.Background()); err != nil {
		log.Fatal(err)
	}
	handler.Annotate("request", flag.Arg(0))
	waits := make(chan struct{})
	for i := range *n {
		go wait(i, waits)
	}
	for range *n {
		waits <- struct{}{}
	}
	log.Printf("request %s", flag.Arg(0))
	serve(*panics)
}

// wait makes a report longer: no goroutine's stack is like another's.
//
//go:noinline
func wait(depth int, begun chan struct{}) {
	if depth > 0 {
		wait(depth-1, begun)
		return // not a tail call: the frames stay
	}
	<-begun
	select {}
}

//go:noinline
func serve(panics bool) {
	if panics {
		panic("no profile")
	}
	C.copy_plane(4)
}

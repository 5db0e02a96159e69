// Crasher is a service that calls C, whose reports go to a directory: WithDir.
package main

/*
static int *volatile plane;

int copy_plane(int n) { plane[2] = n; return n; }
*/
import "C"

import (
	"context"
	"log"
	"os"

	"github.com/epitaph-go/epitaph/handler"
)

func main() {
	if err := handler.Enable(handler.WithDir(os.Args[1])); err != nil {
		log.Fatal(err)
	}
	if err := handler.Ready(context.Background()); err != nil {
		log.Fatal(err)
	}
	handler.Annotate("request", os.Args[2])
	serve()
}

//go:noinline
func serve() { C.copy_plane(4) }

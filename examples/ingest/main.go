// Command ingest is a small service whose decoder is C, as an example for Epitaph: it reports
// its crashes, and its tests pin them down.
//
//	POST /frames   decodes the body
//	GET  /metrics  counts, in Prometheus' text format
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/epitaph-go/epitaph/handler"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "the address to listen on")
	box := flag.String("blackbox", "", "a file that keeps the last seconds, for the next start to look at")
	termination := flag.String("termination", "", "the container's termination log, where Kubernetes' own is not meant")
	flag.Parse()
	log.SetFlags(0)
	if err := run(*listen, *box, *termination); err != nil {
		log.Fatal(err)
	}
}

func run(listen, box, termination string) error {
	enable(box, termination)
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	fmt.Printf("listening on %s\n", listener.Addr())
	return http.Serve(listener, newServer())
}

// enable reports how the last run ended, and switches reports on for this one. The
// service runs without them as well.
func enable(box, termination string) {
	var opts []handler.Option
	if box != "" {
		if last, err := handler.LastRun(box); err == nil && last.Unexpected() {
			last.WriteTo(os.Stderr)
		} else if err != nil && !errors.Is(err, os.ErrNotExist) {
			log.Print(err)
		}
		opts = append(opts, handler.WithBlackBox(box))
	}
	if termination != "" {
		opts = append(opts, handler.WithTermination(termination))
	}
	if err := handler.Enable(opts...); err != nil {
		log.Print(err)
	}
}

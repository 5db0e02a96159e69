//go:build linux && amd64 && cgo

package main

/*
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// Some microseconds of work on memory of its own, as a codec does it.
static uint32_t digest(uint32_t seed)
{
    enum { SIZE = 4096 };
    uint32_t sum = seed | 1;
    unsigned char *p = malloc(SIZE);
    if (!p)
        return 0;
    memset(p, (int)(seed & 255), SIZE);
    for (int i = 0; i < SIZE; i++)
        sum = (sum ^ p[i]) * 16777619u;
    free(p);
    return sum;
}
*/
import "C"

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"

	"github.com/epitaph-go/epitaph/handler"
)

// callsPerRequest is how often a request calls C.
const callsPerRequest = 10

// servicePeriod lets a turn of the benchmark, half a second, have one snapshot,
// of which there are half as many by default.
const servicePeriod = handler.DefaultSnapshotPeriod / 2

// serve is a small HTTP service on the loopback interface. Its address goes to
// standard output; it ends with standard input, so that it never outlives the
// benchmark. /on and /off enable and disable Epitaph.
//
// It has a heap as services have one: with next to none, what Epitaph keeps would
// make the collector come less often, and the service faster.
func serve() error {
	heap := make([]byte, 64<<20)
	defer runtime.KeepAlive(heap)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	mux := http.NewServeMux()
	mux.HandleFunc("/work", func(w http.ResponseWriter, _ *http.Request) {
		sum := C.uint32_t(1)
		for range callsPerRequest {
			sum = C.digest(sum)
		}
		fmt.Fprintln(w, uint32(sum))
	})
	mux.HandleFunc("/on", func(w http.ResponseWriter, r *http.Request) {
		err := handler.Enable(handler.WithSnapshot(servicePeriod))
		if err == nil {
			err = handler.Ready(context.WithoutCancel(r.Context()))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("/off", func(http.ResponseWriter, *http.Request) { handler.Disable() })
	fmt.Println(listener.Addr())
	return http.Serve(listener, mux)
}

//go:build linux && amd64 && cgo
package main

import "github.com/epitaph-go/epitaph/handler"

// static void boom(void) { *(volatile int *)8 = 1; }
// extern void epi_breadcrumb(const char *);
// static void crumb(void) { epi_breadcrumb("from C"); }
import "C"

func main() {
	handler.Annotate("request", "7f3a")
	handler.Annotate("gone", "7f3a")
	handler.Annotate("gone", "")
	handler.Annotate("after", "héllo")
	for range 130 { handler.Breadcrumb("frame 91") }
	C.crumb()
	if err := handler.Enable(handler.WithBlackBox("/tmp/x.box")); err != nil { panic(err) }
	C.boom()
}

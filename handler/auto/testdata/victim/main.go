// Victim imports package auto and does what its argument says.
package main

import (
	"context"
	"fmt"
	"os"
	"syscall"

	"github.com/epitaph-go/epitaph/handler"
	_ "github.com/epitaph-go/epitaph/handler/auto"
)

func main() {
	fmt.Println("started, enabled:", handler.Enabled())
	if len(os.Args) < 2 {
		return
	}
	if err := handler.Ready(context.Background()); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	// Sent, as by another process: no C code is needed for it.
	syscall.Kill(os.Getpid(), syscall.SIGABRT)
	select {}
}

// Victim imports package auto and does what its argument says.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	_ "github.com/epitaph-go/epitaph/handler/auto"
)

func main() {
	fmt.Println("started, enabled:", handler.Enabled())
	if len(os.Args) < 2 {
		return
	}
	if os.Args[1] == "child" {
		child := exec.Command(os.Args[0], "crash")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Run(); err == nil {
			os.Exit(1)
		}
		return
	}
	if os.Args[1] == "dumped" { // by a signal, and by the timer that follows it
		syscall.Kill(os.Getpid(), syscall.SIGUSR1)
		for {
			if text, _ := os.ReadFile(os.Args[2]); bytes.Count(text, []byte("End of report")) == 2 {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}
	if err := handler.Ready(context.Background()); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	// Sent, as by another process: no C code is needed for it.
	syscall.Kill(os.Getpid(), syscall.SIGABRT)
	select {}
}

//go:build linux && cgo

package main

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/epitaph-go/epitaph/handler"
	"github.com/epitaph-go/epitaph/internal/cli"
)

var hangCommand = cli.Command{
	Name:  "hang",
	Short: "deadlock two goroutines, and let a watchdog find out",
	Help: `Two goroutines move money between two accounts, and deadlock: each has locked what
the other one waits for. Go does not notice, since it looks for deadlocks only in
programs without cgo. A watchdog (handler.NewWatchdog) that gets a heartbeat for each
transfer does, dumps all goroutines, and ends the program with status 1. With -plain
there is none, and the program ends with status 3 when -for has passed.
`,
	Setup: func(flags *flag.FlagSet) cli.Action {
		after := flags.Duration("after", 500*time.Millisecond, "the watchdog waits for a heartbeat for this `time`")
		total := flags.Duration("for", 5*time.Second, "give up after this `time`")
		plain := flags.Bool("plain", false, "hang without a watchdog")
		return func(_ *cli.Env, args []string) error {
			if err := noArguments(args); err != nil {
				return err
			}
			return hang(*after, *total, *plain)
		}
	},
}

// hang shows a program that is deadlocked.
func hang(after, total time.Duration, plain bool) error {
	var watchdog *handler.Watchdog // whose methods do nothing while it is nil
	if !plain {
		var err error
		if watchdog, err = handler.NewWatchdog(after, handler.WithExit()); err != nil {
			return err
		}
		defer watchdog.Stop()
	}
	var a, b account
	go transferAll(&a, &b, watchdog)
	go transferAll(&b, &a, watchdog)
	time.Sleep(total)
	fmt.Fprintf(os.Stderr, "crashdemo: two goroutines are deadlocked, unnoticed for %v\n", total)
	return cli.Status(exitWentOn)
}

type account struct {
	sync.Mutex
	balance int
}

// transferAll moves money coin by coin, which goes well for a while.
func transferAll(from, to *account, watchdog *handler.Watchdog) {
	for coin := 1; ; coin++ {
		transfer(from, to, coin%10 == 0)
		watchdog.Beat()
	}
}

// transfer locks in the order of its arguments, which is the mistake; unlucky says
// that the other goroutine comes in between.
//
//go:noinline
func transfer(from, to *account, unlucky bool) {
	from.Lock()
	defer from.Unlock()
	if unlucky {
		time.Sleep(100 * time.Millisecond)
	}
	to.Lock()
	defer to.Unlock()
	from.balance--
	to.balance++
}

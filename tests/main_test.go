//go:build linux && (amd64 || arm64) && cgo

package tests

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

// hardLimit is how long any process may take that crashes. None takes as much as a second on an idle machine.
const hardLimit = 10 * time.Second

// counted sums up the processes that were made to crash.
var counted struct{ cases, hung, slowest atomic.Int64 }

func count(r *victim.Outcome) {
	counted.cases.Add(1)
	if r.Hung {
		counted.hung.Add(1)
	}
	for took := int64(r.Elapsed); ; {
		slowest := counted.slowest.Load()
		if took <= slowest || counted.slowest.CompareAndSwap(slowest, took) {
			return
		}
	}
}

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	start := time.Now()
	status := victim.Main(m)
	hung := counted.hung.Load()
	fmt.Printf("%d cases, %d hung; the slowest took %.2f s, all of it %.0f s\n", counted.cases.Load(), hung,
		time.Duration(counted.slowest.Load()).Seconds(), time.Since(start).Seconds())
	if hung > 0 {
		return 1
	}
	return status
}

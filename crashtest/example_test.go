package crashtest_test

import (
	"os"
	"testing"

	"github.com/epitaph-go/epitaph/crashtest"
)

func ExampleRun() {
	_ = func(t *testing.T) { // TestExit
		crashtest.Run(t, func() { os.Exit(3) }).Want("exit 3")
	}
}

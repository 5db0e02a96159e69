//go:build cgo && linux && amd64 && epitaph_test

package main

import (
	"fmt"

	"github.com/epitaph-go/epitaph/cgo"
)

// trouble dumps with a stage that faults (0) or hangs (1), and then without.
func trouble(n int) error {
	if err := enable(); err != nil {
		return err
	}
	if err := cgo.Trouble("other threads", [...]string{"fault", "hang"}[n]); err != nil {
		return err
	}
	fmt.Println(dump(true))
	if err := cgo.Trouble("none", "fault"); err != nil {
		return err
	}
	fmt.Println(dump(true))
	return nil
}

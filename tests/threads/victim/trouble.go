//go:build cgo && linux && (amd64 || arm64) && epitaph_test

package main

// #include "park.h"
import "C"

import (
	"fmt"

	"github.com/epitaph-go/epitaph/cgo"
)

func init() {
	scenarios["together"] = together
	scenarios["trouble"] = trouble
}

// together has n threads crash at once, and the report's first stage take its
// time, so that all have crashed when the others are asked.
func together(n int) error {
	if err := enable(); err != nil {
		return err
	}
	if err := cgo.Trouble("cause", "hang"); err != nil {
		return err
	}
	C.odd_crash_together(C.int(n))
	return nil
}

// trouble dumps with a stage that faults (0) or hangs (1), and then without. 2 and 3: the same
// in the stage of the sentence.
func trouble(n int) error {
	if err := enable(); err != nil {
		return err
	}
	if err := cgo.Trouble([...]string{"other threads", "sentence"}[n/2], [...]string{"fault", "hang"}[n%2]); err != nil {
		return err
	}
	fmt.Println(dump(true))
	if err := cgo.Trouble("none", "fault"); err != nil {
		return err
	}
	fmt.Println(dump(true))
	return nil
}

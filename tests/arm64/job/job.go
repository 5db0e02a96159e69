// Package job is what the tests on the host and the first process of the virtual machine
// tell each other: jobs are in a file of the machine's file system, results on a disk.
package job

import (
	"encoding/json"
	"errors"
	"io"
	"time"
)

// File is the file with the jobs, JSON values one behind the other.
const File = "/jobs"

// Disk is the disk that the results are written to, likewise.
const Disk = "/dev/vda"

// A Job is a program that is run in the machine.
type Job struct {
	Name  string
	Dir   string // where it runs
	Args  []string
	Warm  []string // Args of a run before, whose result is of no interest
	Env   []string
	Limit time.Duration // then each of the two is killed
}

// A Result is how a job ended.
type Result struct {
	Name           string
	Status, Signal int // one of them, the other is 0
	Hung           bool
	Error          string // of starting it
	Elapsed        time.Duration
	Stdout, Stderr string
}

// ReadAll reads values until the end, or until the zeros of a disk that nothing is written to.
func ReadAll[T any](r io.Reader) (all []T, err error) {
	decoder := json.NewDecoder(&untilZero{r: r})
	for {
		var value T
		if err := decoder.Decode(&value); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return all, err
		}
		all = append(all, value)
	}
}

// untilZero ends at the first byte that is 0.
type untilZero struct {
	r    io.Reader
	done bool
}

func (u *untilZero) Read(p []byte) (int, error) {
	if u.done {
		return 0, io.EOF
	}
	n, err := u.r.Read(p)
	for i, b := range p[:n] {
		if b == 0 {
			u.done = true
			return i, nil
		}
	}
	return n, err
}

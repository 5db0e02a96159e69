package stackfmt_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/epitaph-go/epitaph/stackfmt"
)

func open(name string) error {
	return stackfmt.Wrap(fs.ErrNotExist, "opening "+name)
}

func ExampleWrap() {
	err := open("app.conf")
	fmt.Println(err)
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	stackfmt.PrintError(os.Stdout, err, short)
	// Output:
	// opening app.conf: file does not exist
	// true
	// Traceback (most recent call last):
	//   File "example_error_test.go", line 18, in stackfmt_test.ExampleWrap
	//     err := open("app.conf")
	//   File "example_error_test.go", line 14, in stackfmt_test.open
	//     return stackfmt.Wrap(fs.ErrNotExist, "opening "+name)
	// *errors.errorString: opening app.conf: file does not exist
}

func ExampleAddNote() {
	err := stackfmt.AddNote(errors.New("timeout"), "while fetching page 3")
	err = stackfmt.AddNote(err, "host: example.com", "")
	stackfmt.PrintError(os.Stdout, err)
	// Output:
	// *errors.errorString: timeout
	// while fetching page 3
	// host: example.com
	//
}

func ExampleFromError() {
	cause := open("app.conf")
	tb := stackfmt.FromError(stackfmt.Wrap(fmt.Errorf("starting: %w", cause), "worker 7"))
	fmt.Println(tb.Type, "-", tb.Message)
	fmt.Println(tb.Cause.Type, "-", tb.Cause.Message)
	fmt.Println(tb.Cause.Stack[len(tb.Cause.Stack)-1].Func)
	// Output:
	// *fmt.wrapError - worker 7: starting: opening app.conf: file does not exist
	// *errors.errorString - opening app.conf: file does not exist
	// github.com/epitaph-go/epitaph/stackfmt_test.open
}

func ExampleFromPanic() {
	var tb *stackfmt.Traceback
	func() {
		defer func() { tb = stackfmt.FromPanic(recover()) }()
		var list []int
		_ = list[len(os.Args)+5]
	}()
	fmt.Println(tb.Type)
	last := tb.Stack[len(tb.Stack)-1]
	fmt.Println(last.Line, strings.HasSuffix(last.File, "example_error_test.go"))
	// Output:
	// runtime.boundsError
	// 61 true
}

// dump is what a program wrote when it died.
const dump = `panic: no tape

goroutine 1 [running]:
main.(*Drive).Read(0x0, {0xc000012345, 0x10, 0x10})
	/srv/drive.go:31 +0x1d
main.main()
	/srv/main.go:12 +0x9a

goroutine 7 [chan receive, 3 minutes]:
main.worker(0x7)
	/srv/pool.go:40 +0x25
created by main.start in goroutine 1
	/srv/pool.go:21 +0x11

goroutine 8 [chan receive, 5 minutes]:
main.worker(0x8)
	/srv/pool.go:40 +0x25
created by main.start in goroutine 1
	/srv/pool.go:21 +0x11
`

func ExampleParseGoroutines() {
	d := stackfmt.ParseGoroutines([]byte(dump))
	fmt.Print(d.Traceback())
	fmt.Println(len(d.Goroutines), "goroutines")
	// Output:
	// Traceback (most recent call last):
	//   File "/srv/main.go", line 12, in main.main
	//   File "/srv/drive.go", line 31, in main.(*Drive).Read
	// panic: no tape
	// 3 goroutines
}

func ExampleScanGoroutines() {
	for part, err := range stackfmt.ScanGoroutines(strings.NewReader(dump)) {
		if err != nil {
			fmt.Println(err)
		} else if g := part.Goroutine; g != nil {
			fmt.Println(part.Line, g.Header())
		}
	}
	// Output:
	// 3 goroutine 1 [running]:
	// 9 goroutine 7 [chan receive, 3 minutes]:
	// 15 goroutine 8 [chan receive, 5 minutes]:
}

func ExampleGroupStacks() {
	d := stackfmt.ParseGoroutines([]byte(dump))
	for _, group := range stackfmt.GroupStacks(d.Goroutines) {
		fmt.Println(group.IDs, group.State)
		fmt.Print(group.Stack)
	}
	// Output:
	// [7 8] chan receive
	//   File "/srv/pool.go", line 40, in main.worker
	// [1] running
	//   File "/srv/main.go", line 12, in main.main
	//   File "/srv/drive.go", line 31, in main.(*Drive).Read
}

func ExampleWithStack() {
	first := stackfmt.WithStack(fs.ErrNotExist)
	second := stackfmt.WithStack(fmt.Errorf("app.conf: %w", first))
	fmt.Println(second)
	fmt.Println("frames:", stackfmt.FormatErrorStack(second, short, stackfmt.WithLastFrames(1)))
	// Output:
	// app.conf: file does not exist
	// frames: [  File "example_error_test.go", line 134, in stackfmt_test.ExampleWithStack
	//     first := stackfmt.WithStack(fs.ErrNotExist)
	// ]
}

package stackfmt_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path"
	"strings"
	"testing/fstest"

	"github.com/epitaph-go/epitaph/stackfmt"
)

// short leaves out the frames of the testing package and shortens names, so that
// the output below is the same on every machine.
var short = stackfmt.WithFrameHook(func(f stackfmt.Frame) (stackfmt.Frame, bool) {
	f.File, f.Func = path.Base(f.File), path.Base(f.Func)
	return f, strings.HasPrefix(f.Func, "stackfmt_test.")
})

func lookUp(prices []int, i int) int {
	return prices[i] * 2
}

func total(prices []int) (sum int) {
	for i := range 4 {
		sum += lookUp(prices, i)
	}
	return sum
}

// A panic, printed by the function that recovers it.
func Example() {
	defer func() {
		if r := recover(); r != nil {
			stackfmt.PrintPanic(os.Stdout, r, short)
		}
	}()
	fmt.Println(total([]int{5, 7, 11}))
	// Output:
	// Traceback (most recent call last):
	//   File "example_test.go", line 40, in stackfmt_test.Example
	//     fmt.Println(total([]int{5, 7, 11}))
	//                 ~~~~~^^^^^^^^^^^^^^^^^
	//   File "example_test.go", line 28, in stackfmt_test.total
	//     sum += lookUp(prices, i)
	//            ~~~~~~^^^^^^^^^^^
	//   File "example_test.go", line 23, in stackfmt_test.lookUp
	//     return prices[i] * 2
	//            ~~~~~~^^^
	// runtime.boundsError: runtime error: index out of range [3] with length 3
}

func ExamplePrintStack() {
	stackfmt.PrintStack(os.Stdout, short)
	// Output:
	//   File "example_test.go", line 56, in stackfmt_test.ExamplePrintStack
	//     stackfmt.PrintStack(os.Stdout, short)
}

func ExampleFormatStack() {
	for _, frame := range stackfmt.FormatStack(short) {
		fmt.Print(frame)
	}
	// Output:
	//   File "example_test.go", line 63, in stackfmt_test.ExampleFormatStack
	//     for _, frame := range stackfmt.FormatStack(short) {
}

func ExampleExtractStack() {
	s := stackfmt.ExtractStack(stackfmt.WithLimit(1))
	fmt.Println(len(s), path.Base(s[0].File), s[0].Line, path.Base(s[0].Func))
	// Output: 1 example_test.go 72 stackfmt_test.ExampleExtractStack
}

func ExampleWalkStack() {
	func() {
		for f := range stackfmt.WalkStack(stackfmt.WithLimit(2)) {
			fmt.Println(path.Base(f.Func))
		}
	}()
	// Output:
	// stackfmt_test.ExampleWalkStack.func1
	// stackfmt_test.ExampleWalkStack
}

// orders is a stack with its source lines, as it may have been read from JSON.
var orders = stackfmt.Stack{
	{File: "/srv/main.go", Line: 31, Func: "main.main", Source: "	n := load(path) + 1", Col: 6, EndCol: 16},
	{File: "/srv/load.go", Line: 12, Func: "main.load", Source: "	return first / count", Col: 8, EndCol: 21,
		Locals: map[string]string{"first": "10", "count": "0"}},
}

func ExampleFormatList() {
	fmt.Print(strings.Join(stackfmt.FormatList(orders), ""))
	// Output:
	//   File "/srv/main.go", line 31, in main.main
	//     n := load(path) + 1
	//          ~~~~^^^^^^
	//   File "/srv/load.go", line 12, in main.load
	//     return first / count
	//            ~~~~~~^~~~~~~
	//     count = 0
	//     first = 10
}

func ExampleStack_Format() {
	fmt.Printf("%q\n", orders[1:].Format(stackfmt.WithCarets(false)))
	// Output:
	// ["  File \"/srv/load.go\", line 12, in main.load\n    return first / count\n    count = 0\n    first = 10\n"]
}

func ExampleStack_Append() {
	buf := make([]byte, 0, 1024) // to be used again
	buf = orders[:1].Append(buf)
	os.Stdout.Write(buf)
	// Output:
	//   File "/srv/main.go", line 31, in main.main
	//     n := load(path) + 1
	//          ~~~~^^^^^^
}

// notFound is an error whose chain and group the examples below print.
var notFound = &stackfmt.Traceback{
	Type: "*main.StartError", Message: "cannot start", Stack: orders[:1],
	Notes: []string{"try again with -v"},
	Cause: &stackfmt.Traceback{Type: "*fs.PathError", Message: "open app.conf: no such file or directory"},
}

func ExampleTraceback_Append() {
	os.Stdout.Write(notFound.Append(nil))
	// Output:
	// *fs.PathError: open app.conf: no such file or directory
	//
	// The above exception was the direct cause of the following exception:
	//
	// Traceback (most recent call last):
	//   File "/srv/main.go", line 31, in main.main
	//     n := load(path) + 1
	//          ~~~~^^^^^^
	// *main.StartError: cannot start
	// try again with -v
}

func ExampleTraceback_Lines() {
	for item := range notFound.Lines(stackfmt.WithCauses(false)) {
		fmt.Printf("%q\n", item)
	}
	// Output:
	// "Traceback (most recent call last):\n"
	// "  File \"/srv/main.go\", line 31, in main.main\n    n := load(path) + 1\n         ~~~~^^^^^^\n"
	// "*main.StartError: cannot start\n"
	// "try again with -v\n"
}

func ExampleTraceback_LogValue() {
	h := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	slog.New(h).Error("stopping", "err", &stackfmt.Traceback{Type: "syscall.Errno", Message: "broken pipe"})
	// Output: level=ERROR msg=stopping err.type=syscall.Errno err.message="broken pipe"
}

func ExampleTraceback_OTelAttributes() {
	attributes := notFound.OTelAttributes(stackfmt.WithCauses(false))
	fmt.Println(attributes["exception.type"])
	fmt.Println(attributes["exception.message"])
	fmt.Print(attributes["exception.stacktrace"])
	// Output:
	// *main.StartError
	// cannot start
	// Traceback (most recent call last):
	//   File "/srv/main.go", line 31, in main.main
	//     n := load(path) + 1
	//          ~~~~^^^^^^
	// *main.StartError: cannot start
	// try again with -v
}

func ExampleFormatError() {
	err := errors.Join(errors.New("first"), fmt.Errorf("reading: %w", os.ErrNotExist))
	fmt.Print(strings.Join(stackfmt.FormatError(err), ""))
	// Output:
	//   | *errors.joinError: 2 errors
	//   +-+---------------- 1 ----------------
	//     | *errors.errorString: first
	//     +---------------- 2 ----------------
	//     | *errors.errorString: reading: file does not exist
	//     +------------------------------------
}

func ExamplePrintError() {
	stackfmt.PrintError(os.Stdout, fmt.Errorf("reading: %w", os.ErrNotExist), stackfmt.WithAllWrappers())
	// Output:
	// *errors.errorString: file does not exist
	//
	// The above exception was the direct cause of the following exception:
	//
	// *fmt.wrapError: reading: file does not exist
}

func ExampleAppendError() {
	os.Stdout.Write(stackfmt.AppendError(nil, nil))
	// Output: <nil>
}

func ExampleFormatErrorOnly() {
	err := errors.Join(errors.New("first"), errors.New("second"))
	fmt.Print(strings.Join(stackfmt.FormatErrorOnly(err, stackfmt.WithShowGroup(true)), ""))
	// Output:
	// *errors.joinError: 2 errors
	//    *errors.errorString: first
	//    *errors.errorString: second
}

func ExampleWithRecursion() {
	s := stackfmt.Stack{{File: "decode.go", Line: 7, Func: "json.decode"}}
	for range 20 {
		s = append(s, stackfmt.Frame{File: "decode.go", Line: 20, Func: "json.value"},
			stackfmt.Frame{File: "decode.go", Line: 30, Func: "json.list"})
	}
	fmt.Print(strings.Join(s.Format(stackfmt.WithRecursion(2)), ""))
	// Output:
	//   File "decode.go", line 7, in json.decode
	//   File "decode.go", line 20, in json.value
	//   File "decode.go", line 30, in json.list
	//   [Previous 2 frames repeated 19 more times]
}

func ExampleWithSourceFS() {
	// In a program: //go:embed *.go
	files := fstest.MapFS{"main.go": {Data: []byte("package main\n\nfunc main() { run(load()) }\n")}}
	s := stackfmt.Stack{
		{File: "/build/main.go", Line: 3, Func: "main.main"},
		{File: "/build/load.go", Line: 9, Func: "main.load"},
	}
	fmt.Print(strings.Join(s.Format(stackfmt.WithSourceFS(files), stackfmt.WithPathRewrite("/build/", "")), ""))
	// Output:
	//   File "/build/main.go", line 3, in main.main
	//     func main() { run(load()) }
	//                       ~~~~^^
	//   File "/build/load.go", line 9, in main.load
}

func ExampleWithPathRewrite() {
	// A binary that was built with -trimpath names its files by import path.
	s := stackfmt.Stack{{File: "example.com/app/doc.go", Line: 1, Func: "app.run"}}
	fmt.Print(strings.Join(s.Format(stackfmt.WithPathRewrite("example.com/app/", "")), ""))
	// Output:
	//   File "example.com/app/doc.go", line 1, in app.run
	//     // Package stackfmt prints errors, panics and call stacks as Python's traceback
}

func ExampleWithStyle() {
	fmt.Print(string(notFound.Append(nil, stackfmt.WithStyle(stackfmt.StyleGo))))
	// Output:
	// *main.StartError: cannot start
	// try again with -v
	//
	// goroutine 1 [running]:
	// main.main(...)
	// 	/srv/main.go:31
	//
	// caused by: *fs.PathError: open app.conf: no such file or directory
}

func ExampleWithFrameHook() {
	hook := func(f stackfmt.Frame) (stackfmt.Frame, bool) {
		f.File = path.Base(f.File)
		f.Locals = nil
		return f, f.Func != "main.main"
	}
	fmt.Print(strings.Join(orders.Format(stackfmt.WithFrameHook(hook)), ""))
	// Output:
	//   File "load.go", line 12, in main.load
	//     return first / count
	//            ~~~~~~^~~~~~~
}

func ExampleWithHidden() {
	fmt.Print(strings.Join(orders.Format(stackfmt.WithHidden("main.load", "runtime.")), ""))
	// Output:
	//   File "/srv/main.go", line 31, in main.main
	//     n := load(path) + 1
	//          ~~~~^^^^^^
}

func ExampleWithElideShared() {
	e := &stackfmt.Traceback{Type: "*main.E", Message: "outer",
		Stack: stackfmt.Stack{{File: "a.go", Line: 1, Func: "main.main"}, {File: "a.go", Line: 2, Func: "main.run"}, {File: "a.go", Line: 9, Func: "main.wrap"}},
		Cause: &stackfmt.Traceback{Type: "*main.E", Message: "inner",
			Stack: stackfmt.Stack{{File: "a.go", Line: 1, Func: "main.main"}, {File: "a.go", Line: 2, Func: "main.run"}, {File: "a.go", Line: 5, Func: "main.fail"}}}}
	fmt.Print(strings.Join(e.Format(stackfmt.WithElideShared()), ""))
	// Output:
	// Traceback (most recent call last):
	//   File "a.go", line 1, in main.main
	//   File "a.go", line 2, in main.run
	//   File "a.go", line 5, in main.fail
	// *main.E: inner
	//
	// The above exception was the direct cause of the following exception:
	//
	// Traceback (most recent call last):
	//   ...<2 frames as above>...
	//   File "a.go", line 9, in main.wrap
	// *main.E: outer
}

func ExampleWithLocals() {
	user := "ada"
	locals := func(f stackfmt.Frame) map[string]string {
		if strings.HasSuffix(f.Func, ".ExampleWithLocals") {
			return map[string]string{"user": fmt.Sprintf("%q", user)}
		}
		return nil
	}
	stackfmt.PrintStack(os.Stdout, short, stackfmt.WithLocals(locals))
	// Output:
	//   File "example_test.go", line 321, in stackfmt_test.ExampleWithLocals
	//     stackfmt.PrintStack(os.Stdout, short, stackfmt.WithLocals(locals))
	//     user = "ada"
}

func ExamplePrintPanic() {
	defer func() {
		stackfmt.PrintPanic(os.Stdout, recover(), short, stackfmt.WithLookupLines(false))
	}()
	var cache struct{ hits map[string]int }
	cache.hits["a"]++
	// Output:
	// Traceback (most recent call last):
	//   File "example_test.go", line 333, in stackfmt_test.ExamplePrintPanic
	// runtime.plainError: assignment to entry in nil map
}

func ExamplePrintLast() {
	func() {
		defer func() { stackfmt.FromPanic(recover()) }()
		panic("remembered")
	}()
	stackfmt.PrintLast(os.Stdout, short, stackfmt.WithLookupLines(false))
	// Output:
	// Traceback (most recent call last):
	//   File "example_test.go", line 344, in stackfmt_test.ExamplePrintLast
	//   File "example_test.go", line 343, in stackfmt_test.ExamplePrintLast.func1
	// panic: remembered
}

func ExampleSuggest() {
	if name, ok := stackfmt.Suggest("tiemout", []string{"retries", "timeout"}); ok {
		err := stackfmt.AddNote(errors.New(`unknown field "tiemout"`), fmt.Sprintf("Did you mean %q?", name))
		stackfmt.PrintError(os.Stdout, err)
	}
	// Output:
	// *errors.errorString: unknown field "tiemout"
	// Did you mean "timeout"?
}

func ExampleDidYouMean() {
	err := errors.New(`unknown field "tiemout"`)
	if question := stackfmt.DidYouMean("tiemout", []string{"retries", "timeout"}); question != "" {
		err = stackfmt.AddNote(err, question)
	}
	stackfmt.PrintError(os.Stdout, err)
	// Output:
	// *errors.errorString: unknown field "tiemout"
	// Did you mean: 'timeout'?
}

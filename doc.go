// Package epitaph is the overview of a module that has programs with cgo say why they
// crash: where a fault happened, in C and in Go, and what everything else was doing. The
// module does for Go programs what faulthandler and traceback do for Python's, and more.
// This package itself holds nothing.
//
// A service begins with
//
//	import "github.com/epitaph-go/epitaph/handler"
//
//	func main() {
//		if err := handler.Enable(); err != nil {
//			log.Print(err) // the service runs on, without reports
//		}
//		// ...
//	}
//
// From then on a fatal signal in C code writes a report to standard error, and the
// process dies of the signal. What Go turns into a panic stays a panic.
//
// # Packages
//
//   - [github.com/epitaph-go/epitaph/handler] is the API: reports of crashes
//     ([handler.Enable]), dumps on demand ([handler.Dump], [handler.Register]), of a
//     program that hangs ([handler.DumpLater], [handler.NewWatchdog]), notes for the
//     report ([handler.Annotate], [handler.Breadcrumb]), and what the last run left
//     ([handler.LastRun]).
//   - [github.com/epitaph-go/epitaph/handler/auto] does the same for a program that is
//     not to be changed, by an environment variable.
//   - [github.com/epitaph-go/epitaph/crumb] lets a library leave breadcrumbs without the
//     C core; they are kept where a program links package handler.
//   - [github.com/epitaph-go/epitaph/report] reads a report back into Go values, and
//     [github.com/epitaph-go/epitaph/report/html] makes a page of one.
//   - [github.com/epitaph-go/epitaph/blackbox] reads the file that outlives a process
//     which nothing could report.
//   - [github.com/epitaph-go/epitaph/crashtest] is for tests of code that is expected to
//     crash.
//   - [github.com/epitaph-go/epitaph/stackfmt] formats errors, panics and stacks as
//     Python's traceback does; it needs none of the rest.
//
// The other packages are not for users: cgo and native are the C core and its binding.
//
// The command [github.com/epitaph-go/epitaph/cmd/crashdemo] shows each kind of crash,
// without Epitaph and with it. README.md has an introduction, docs/ the limits.
//
// [handler.Enable]: https://pkg.go.dev/github.com/epitaph-go/epitaph/handler#Enable
// [handler.Dump]: https://pkg.go.dev/github.com/epitaph-go/epitaph/handler#Dump
// [handler.Register]: https://pkg.go.dev/github.com/epitaph-go/epitaph/handler#Register
// [handler.DumpLater]: https://pkg.go.dev/github.com/epitaph-go/epitaph/handler#DumpLater
// [handler.NewWatchdog]: https://pkg.go.dev/github.com/epitaph-go/epitaph/handler#NewWatchdog
// [handler.Annotate]: https://pkg.go.dev/github.com/epitaph-go/epitaph/handler#Annotate
// [handler.Breadcrumb]: https://pkg.go.dev/github.com/epitaph-go/epitaph/handler#Breadcrumb
// [handler.LastRun]: https://pkg.go.dev/github.com/epitaph-go/epitaph/handler#LastRun
package epitaph

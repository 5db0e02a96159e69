//go:build linux

// Package scenario is what the programs have in common that tests make crash:
//
//	victim SCENARIO [KEY=VALUE ...]
//
// A scenario is a function that gets the process into some state, as the settings
// say, and has it crash there. Package victim runs such programs.
package scenario

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

// The statuses that are not a crash.
const (
	exitFailed = 1 // the scenario could not be set up
	exitWentOn = 3 // it finished
	exitUsage  = 64
)

// Main runs the scenario that the command line names, and exits.
func Main(scenarios map[string]func(Settings)) {
	if len(os.Args) < 2 || scenarios[os.Args[1]] == nil {
		fmt.Fprintf(os.Stderr, "victim: no such scenario: %q\n", os.Args[1:])
		os.Exit(exitUsage)
	}
	s := Settings{}
	for _, arg := range os.Args[2:] {
		key, value, _ := strings.Cut(arg, "=")
		s[key] = value
	}
	scenarios[os.Args[1]](s)
	if !Returns {
		os.Exit(exitWentOn)
	}
}

// Returns is set by a scenario after which main returns.
var Returns bool

// Must ends a program that cannot be set up.
func Must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "victim:", err)
		os.Exit(exitFailed)
	}
}

// Asleep returns when a thread of this process waits in a system call, as the kernel sees it:
// one that was only started may not have got there on a busy machine. Where /proc is another
// namespace's that is unknown, and Asleep returns at once.
func Asleep(tid int) {
	for {
		call, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/syscall", tid))
		// proc_pid_syscall(5): "-1" is a thread that waits for a page, say.
		if err != nil || !strings.HasPrefix(string(call), "running") && !strings.HasPrefix(string(call), "-1") {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// Say prints a line for the test to wait for, or to look at.
func Say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// Settings are those of the command line, by their keys.
type Settings map[string]string

// Number is the setting KEY, or 0.
func (s Settings) Number(key string) int {
	if s[key] == "" {
		return 0
	}
	n, err := strconv.Atoi(s[key])
	Must(err)
	return n
}

// Options are those of handler.Enable that the settings ask for: fd, dir, deadline,
// termination, format, maxreports, poll, chain, hostfirst, symbols (the budget), debug, cache (off: none), box,
// traceback=off (no C frames in what Go prints).
func (s Settings) Options() []handler.Option {
	var opts []handler.Option
	if s["fd"] != "" {
		opts = append(opts, handler.WithOutput(os.NewFile(uintptr(s.Number("fd")), "fd")))
	}
	if s["dir"] != "" {
		opts = append(opts, handler.WithDir(s["dir"]))
	}
	if s["format"] == "json" {
		opts = append(opts, handler.WithFormat(handler.JSON))
	}
	if s["maxreports"] != "" {
		opts = append(opts, handler.WithMaxReports(s.Number("maxreports")))
	}
	if s["termination"] != "" {
		opts = append(opts, handler.WithTermination(s["termination"]))
	}
	for key, option := range map[string]func(time.Duration) handler.Option{
		"deadline": handler.WithDeadline, "poll": handler.WithPoll,
	} {
		if s[key] != "" {
			d, err := time.ParseDuration(s[key])
			Must(err)
			opts = append(opts, option(d))
		}
	}
	if s["box"] != "" {
		opts = append(opts, handler.WithBlackBox(s["box"]))
	}
	if s["symbols"] != "" {
		opts = append(opts, handler.WithSymbolBudget(s.Number("symbols")))
	}
	if s["debug"] != "" {
		opts = append(opts, handler.WithDebugDirs(s["debug"]))
	}
	if s["cache"] == "off" {
		// nor the one that the children share
	} else if s["cache"] != "" {
		opts = append(opts, handler.WithSymbolCache(s["cache"]))
	} else if dir := os.Getenv("EPITAPH_VICTIM_SYMBOLS"); s["symbols"] == "" && s["debug"] == "" && isOwn(dir) {
		opts = append(opts, handler.WithSymbolCache(dir)) // victim.SymbolCache
	}
	if s["traceback"] == "off" {
		opts = append(opts, handler.WithCgoTraceback(false))
	}
	if s["chain"] != "" {
		opts = append(opts, handler.WithChain())
	}
	if s["hostfirst"] != "" {
		first, err := strconv.ParseBool(s["hostfirst"])
		Must(err)
		opts = append(opts, handler.WithHostFirst(first))
	}
	return opts
}

// isOwn tells whether a directory is there and the user's own: some victims are another
// user's.
func isOwn(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// Enable enables Epitaph with these options and waits until it is ready. With the
// setting off it does nothing: that is the same program without Epitaph.
func (s Settings) Enable() {
	if s["off"] != "" {
		return
	}
	Must(handler.Enable(s.Options()...))
	limit := 10 * time.Second
	if times, err := strconv.Atoi(os.Getenv("EPITAPH_VICTIM_SLOWER")); err == nil && times > 1 { // victim.Slower
		limit *= time.Duration(times)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	Must(handler.Ready(ctx))
}

//go:build linux && cgo

package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/epitaph-go/epitaph/cmd/crashdemo/crashes"
	"github.com/epitaph-go/epitaph/internal/cli"
)

// A scene is one stop of the tour.
type scene struct {
	kind, place string
	flags       []string
	text        string
}

// scenes are one for each way in which Go alone leaves a crash in C unexplained.
var scenes = [...]scene{
	{"null-write", "cgo", nil,
		"C, called by Go, writes through a NULL pointer. Go shows the goroutines, but no C functions."},
	{"call-null", "callback", nil,
		"Go, C, Go, C: and then a call through a NULL function pointer. Nothing says who called."},
	{"double-free", "goroutine", nil,
		"The C library finds its heap damaged and aborts. Who freed the block?"},
	{"stack-overflow", "thread", nil,
		"Endless recursion on a thread that C created. Go prints nothing at all."},
	{"bus", "thread", []string{"-pid1"},
		"A C thread reads past the end of a mapped file, and the program is PID 1, as in a container. Go hangs."},
	{"int3", "thread", []string{"-notify"},
		"A failed assertion of a C library (a breakpoint) in a program that calls signal.Notify. Go swallows it."},
}

const (
	tourWidth = 100 // columns
	// What is shown of each output, in lines: enough of Go's to see its kind, and of the report all of the stack.
	tourPlainLines  = 10
	tourReportLines = 40
)

var tourCommand = cli.Command{
	Name:  "tour",
	Short: "six telling crashes, each without and with Epitaph",
	Help:  "Runs six crashes as child processes, each without Epitaph and with it, and shows\nwhat they print and how they end.\n",
	Setup: func(flags *flag.FlagSet) cli.Action {
		limit := flags.Duration("limit", 3*time.Second, "kill a child that still runs after this `time`")
		width := flags.Int("width", tourWidth, "cut lines at this `column`; the sentence is wrapped")
		full := flags.Bool("full", false, "cut nothing")
		return func(_ *cli.Env, args []string) error {
			if len(args) > 0 || *limit <= 0 || *width < 20 {
				return cli.Usage("tour takes flags only, a time above 0 and a width of 20 or more")
			}
			return tour(*limit, *width, *full)
		}
	},
}

// tour runs each scene twice, as child processes: without Epitaph and with it.
func tour(limit time.Duration, width int, full bool) error {
	show := display{out: os.Stdout, width: width, full: full}
	unexpected := 0
	var summary [][3]string
	for i, s := range scenes {
		show.heading(fmt.Sprintf("%d/%d  crashdemo %s", i+1, len(scenes), strings.Join(s.command(), " ")), s.text)
		plain, err := runChild(limit, append(s.command(), "-plain")...)
		if err != nil {
			return err
		}
		show.child("without Epitaph", plain, tourPlainLines)
		reported, err := runChild(limit, s.command()...)
		if err != nil {
			return err
		}
		show.child("with Epitaph", reported, tourReportLines)
		if kind, _ := crashes.ByName(s.kind); !reported.diedOf(kind.Signal) && reported.status.ExitStatus() != exitUnavailable {
			unexpected++
		}
		summary = append(summary, [3]string{s.kind + ", " + s.place, plain.String(), reported.String()})
	}
	show.summary(summary)
	if unexpected > 0 {
		fmt.Fprintf(os.Stderr, "crashdemo: with Epitaph, %d of %d did not die of their signal\n", unexpected, len(scenes))
		return cli.Status(exitFailure)
	}
	return nil
}

func (s scene) command() []string {
	return append([]string{"run", s.kind, "-place", s.place}, s.flags...)
}

// A display writes the tour as text, one child below the other: next to each other the lines of a report, which are
// long, would not fit.
type display struct {
	out   io.Writer
	width int
	full  bool
}

func (d display) heading(title, text string) {
	rule := max(d.width-len(title)-1, 0)
	fmt.Fprintf(d.out, "%s %s\n", title, strings.Repeat("=", rule))
	for _, line := range wrap(text, d.width) {
		fmt.Fprintln(d.out, line)
	}
	fmt.Fprintln(d.out)
}

// child shows the first lines of what a child printed. What a report says of other threads, and its stages from the
// registers on, are counted, not shown: the crash itself is the point here.
func (d display) child(who string, o *outcome, limit int) {
	text := strings.TrimSuffix(string(o.output.kept), "\n")
	lines := strings.Split(text, "\n")
	if text == "" {
		lines = nil
	}
	fmt.Fprintf(d.out, "  %s: %v; %s\n", who, o, quantity(len(lines), o.output.total))
	shown := min(len(lines), limit)
	for i, line := range lines[:shown] {
		if line == "Registers:" || strings.HasPrefix(line, "Thread 0x") || strings.Contains(line, " threads [") {
			shown = i
			break
		}
	}
	if d.full {
		shown = len(lines)
	}
	for i, line := range lines[:shown] {
		line = strings.ReplaceAll(line, "\t", "    ")
		switch {
		case d.full:
			fmt.Fprintln(d.out, "  | "+line)
		case isSentence(lines, i):
			for _, part := range wrap(line, d.width-len("  | ")) {
				fmt.Fprintln(d.out, "  | "+part)
			}
		default:
			fmt.Fprintln(d.out, cut("  | "+line, d.width))
		}
	}
	if rest := len(lines) - shown; rest > 0 {
		fmt.Fprintf(d.out, "  | ... (%d more lines)\n", rest)
	}
	fmt.Fprintln(d.out)
}

// isSentence tells whether a line is the sentence that says what has happened, whose end must be readable.
func isSentence(lines []string, i int) bool {
	return i >= 2 && lines[i-1] == "" && strings.HasPrefix(lines[i-2], "Fatal error: ")
}

func (d display) summary(rows [][3]string) {
	d.heading("In short", "")
	columns := [2]int{}
	rows = append([][3]string{{"", "without Epitaph", "with Epitaph"}}, rows...)
	for _, row := range rows {
		columns[0], columns[1] = max(columns[0], len(row[0])), max(columns[1], len(row[1]))
	}
	for _, row := range rows {
		line := fmt.Sprintf("%-*s  %-*s  %s", columns[0], row[0], columns[1], row[1], row[2])
		fmt.Fprintln(d.out, cut(line, d.width))
	}
}

func quantity(lines, bytes int) string {
	switch {
	case bytes == 0:
		return "it printed nothing"
	case lines == 1:
		return fmt.Sprintf("it printed 1 line, %d bytes", bytes)
	}
	return fmt.Sprintf("it printed %d lines, %d bytes", lines, bytes)
}

// cut shortens a line to width columns, and shows that it did.
func cut(line string, width int) string {
	if len(line) <= width {
		return line
	}
	return strings.ToValidUTF8(line[:width-3], "") + "..."
}

// wrap breaks a text at spaces into lines of at most width columns.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

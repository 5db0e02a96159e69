package blackbox

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
)

// WriteTo writes the run for people to read: how it ended, the report of its crash, the
// trend, the last goroutines, annotations and breadcrumbs. Control characters and bytes that
// are not UTF-8 are escaped.
func (r *Run) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "Program: %s (%s), process %d\n", printable(r.Program), printable(r.Executable), r.PID)
	fmt.Fprintf(&b, "Build: %s\n", printable(r.Build))
	fmt.Fprintf(&b, "Started: %s, box opened %s\n", stamp(r.Started), stamp(r.Opened))
	fmt.Fprintf(&b, "End: %v, %s, %s\n", r.End.Kind, stamp(r.End.Time), r.End.Detail)
	for _, damage := range r.Damage {
		fmt.Fprintf(&b, "Damage: %s\n", damage)
	}
	if len(r.Report) > 0 {
		b.WriteString("\n")
		for line := range strings.Lines(string(r.Report)) {
			b.WriteString(printable(strings.TrimSuffix(line, "\n")) + "\n")
		}
		b.WriteString("\n")
	}
	r.trend(&b)
	if n := len(r.Snapshots); n > 0 {
		s := &r.Snapshots[n-1]
		fmt.Fprintf(&b, "\nGoroutines: %d, snapshot %s old, in %s\n\n", s.Goroutines, seconds(r.End.Time.Sub(s.Time)), counted(int64(s.Groups), "group"))
		for line := range strings.Lines(s.Text) {
			b.WriteString(printable(strings.TrimSuffix(line, "\n")) + "\n")
		}
	}
	if len(r.Annotations) > 0 {
		b.WriteString("Annotations:\n")
	}
	for _, a := range r.Annotations {
		fmt.Fprintf(&b, "  %s = %s%s\n", printable(a.Key), printable(a.Value), ellipsis(a.Cut))
	}
	if len(r.Breadcrumbs) > 0 {
		b.WriteString("Breadcrumbs:\n")
	}
	for _, c := range r.Breadcrumbs {
		fmt.Fprintf(&b, "  %s before: %s%s%s\n", seconds(r.End.Time.Sub(c.Time)), printable(c.Text), ellipsis(c.Cut), c.author())
	}
	if r.DroppedBreadcrumbs > 0 || r.RefusedAnnotations > 0 {
		fmt.Fprintf(&b, "Lost: %s, %s\n", counted(int64(r.DroppedBreadcrumbs), "breadcrumb"), counted(int64(r.RefusedAnnotations), "annotation"))
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

// trend writes a line for each snapshot.
func (r *Run) trend(b *strings.Builder) {
	if len(r.Snapshots) == 0 {
		b.WriteString("Trend: no snapshot is whole\n")
		return
	}
	b.WriteString("Trend:\n")
	for _, s := range r.Snapshots {
		f := s.Figures
		fmt.Fprintf(b, "  %s before: resident %s, heap %s of %s, %s", seconds(r.End.Time.Sub(s.Time)),
			size(f.Resident), size(f.HeapObjects), size(f.HeapGoal), counted(int64(s.Goroutines), "goroutine"))
		if f.Runnable >= 0 {
			// The runtime counts its own goroutines in these, but not in their number.
			fmt.Fprintf(b, " (with the runtime's own: %d runnable, %d running, %d waiting, %d in C)", f.Runnable, f.Running, f.Waiting, f.NotInGo)
		}
		if f.Threads >= 0 {
			b.WriteString(", " + counted(f.Threads, "thread"))
		}
		b.WriteString(", " + counted(f.GCCycles, "GC cycle"))
		if f.SchedLatency >= 0 {
			fmt.Fprintf(b, ", scheduling latency %v", rounded(f.SchedLatency))
		}
		fmt.Fprintf(b, ", cost %v, next after %v\n", rounded(s.Cost), rounded(s.Period))
	}
	if r.Torn > 0 {
		fmt.Fprintf(b, "  (%s torn)\n", counted(int64(r.Torn), "snapshot"))
	}
}

// counted writes a number and what it counts.
func counted(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// rounded has three significant digits: a duration that was measured has no more.
func rounded(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}

func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z") }

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }

func size(bytes int64) string {
	if bytes < 0 {
		return "unknown"
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}

func ellipsis(cut bool) string {
	if cut {
		return "..."
	}
	return ""
}

// printable escapes what would do something to a terminal.
func printable(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == unicode.ReplacementChar || !unicode.IsPrint(r):
			width := len(string(r))
			if r == unicode.ReplacementChar && !strings.HasPrefix(s[i:], string(r)) {
				width = 1 // a byte that is not UTF-8
			}
			for _, c := range []byte(s[i : i+width]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// author is who left it, as in a report.
func (c *Breadcrumb) author() string {
	switch {
	case c.Thread == 0:
		return ""
	case c.Goroutine == 0:
		return fmt.Sprintf(" (thread %d)", c.Thread)
	}
	return fmt.Sprintf(" (thread %d, goroutine %d)", c.Thread, c.Goroutine)
}

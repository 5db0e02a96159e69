package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// A table groups reports by signature. It keeps the report that is going to be shown
// whole, and of all others a row for each signature: there may be many.
type table struct {
	want  string // the start of the signature that is looked for
	rows  map[string]*row
	total int
	bad   bool
	kept  *finding
}

// A row is the reports of one signature.
type row struct {
	signature string
	count     int
	// Of the newest one:
	time             time.Time
	program, summary string
	place            string
}

func (t *table) add(f finding) error {
	signature := f.Signature()
	if t.want != "" && !strings.HasPrefix(signature, t.want) && !strings.HasPrefix(strings.TrimPrefix(signature, "~"), t.want) {
		t.total++
		return nil
	}
	t.total++
	t.bad = t.bad || isBad(f.Report)
	if t.rows == nil {
		t.rows = make(map[string]*row)
	}
	r := t.rows[signature]
	if r == nil {
		r = &row{signature: signature}
		t.rows[signature] = r
	}
	r.count++
	at := timeOf(f)
	if r.count == 1 || !at.Before(r.time) {
		r.time, r.summary, r.place = at, f.Summary(), f.String()
		if f.Process != nil {
			r.program = f.Process.Name
		}
	}
	if t.kept == nil || t.want != "" && !at.Before(timeOf(*t.kept)) {
		t.kept = &f
	}
	return nil
}

func timeOf(f finding) time.Time {
	if f.Process == nil {
		return time.Time{}
	}
	return f.Process.Time
}

// write prints the table, the newest row first.
func (t *table) write(w io.Writer, p painter) error {
	rows := make([]*row, 0, len(t.rows))
	program := len("PROGRAM")
	for _, r := range t.rows {
		rows = append(rows, r)
		program = max(program, len(r.program))
	}
	slices.SortFunc(rows, func(a, b *row) int {
		return cmp.Or(b.time.Compare(a.time), cmp.Compare(b.count, a.count), cmp.Compare(a.signature, b.signature))
	})
	var b strings.Builder
	b.WriteString(p.paint(faint, fmt.Sprintf("%5s  %-19s  %-19s  %-*s  %s", "COUNT", "NEWEST, UTC", "SIGNATURE", program, "PROGRAM", "WHAT")) + "\n")
	for _, r := range rows {
		at := "unknown"
		if !r.time.IsZero() {
			at = r.time.UTC().Format(time.DateTime)
		}
		fmt.Fprintf(&b, "%s  %-19s  %s  %-*s  %s\n", p.paint(bold, fmt.Sprintf("%5d", r.count)), at,
			p.paint(blue, fmt.Sprintf("%-19s", r.signature)), program, r.program, r.summary)
		fmt.Fprintf(&b, "%7s%s\n", "", p.paint(faint, r.place))
	}
	fmt.Fprintf(&b, "\n%d reports, %d signatures; \"epitaph show -sig SIGNATURE\" shows the newest of one\n", t.total, len(rows))
	_, err := io.WriteString(w, b.String())
	return err
}

package ship

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/epitaph-go/epitaph/blackbox"
	"github.com/epitaph-go/epitaph/report"
)

const (
	reportSuffix  = ".crash"
	sentSuffix    = ".sent"
	leftOutSuffix = ".left-out"
)

// parcel is what one file has to send.
type parcel struct {
	path    string
	box     string // of a black box: which run of the program it holds
	records []map[string]any
	// counted are files that were left out, and that the first record counts.
	counted []string
}

// The attributes that a record gets here.
const (
	keyUID       = "log.record.uid"
	keyFile      = "log.file.name"
	keyLeftOut   = "epitaph.left_out"
	keySignature = "epitaph.signature"
	keyTime      = "timestamp"
)

// size is about how many bytes of a request the parcel takes.
func (p *parcel) size() int {
	n := 0
	for _, m := range p.records {
		for key, v := range m {
			s, _ := v.(string)
			n += len(key) + len(s) + 50
		}
	}
	return n
}

func (p *parcel) scrub() {
	for _, m := range p.records {
		s := newScrubber()
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if text, ok := m[key].(string); ok && key != keyUID && key != keySignature {
				m[key] = s.text(text)
			}
		}
	}
}

// file is a file of the directory that may have reports.
type file struct {
	path string
	info fs.FileInfo
}

// list returns the files that may have something to send, the oldest first, so that the
// reports of a crash loop come in their order.
func (s *Shipper) list() ([]file, error) {
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		return nil, fmt.Errorf("ship: %w", err)
	}
	var files []file
	for _, e := range entries {
		path := filepath.Join(s.Dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") || strings.HasSuffix(e.Name(), sentSuffix) || strings.HasSuffix(e.Name(), leftOutSuffix) || s.done[path] {
			continue
		}
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue // gone, or a directory, or a link that was put there
		}
		files = append(files, file{path, info})
	}
	slices.SortFunc(files, func(a, b file) int {
		return cmp.Or(a.info.ModTime().Compare(b.info.ModTime()), cmp.Compare(a.path, b.path))
	})
	return files, nil
}

// state is what there is to do with a file.
type state int

const (
	ready   state = iota
	writing       // it is being written
	nothing       // no report and no box, or one that needs not be sent
)

func (s *Shipper) read(f file) (parcel, state, error) {
	if strings.HasSuffix(f.path, reportSuffix) {
		return s.readReports(f)
	}
	return s.readBox(f)
}

func (s *Shipper) readReports(f file) (p parcel, _ state, err error) {
	p.path = f.path
	in, err := os.Open(f.path)
	if err != nil {
		return p, nothing, err
	}
	defer in.Close()
	settled := time.Since(f.info.ModTime()) >= s.Settle
	scanner := report.NewScanner(in)
	whole := false
	for scanner.Scan() {
		r := scanner.Report()
		whole = r.End != nil
		m := r.Record()
		if _, has := m[keyTime]; !has {
			m[keyTime] = f.info.ModTime().UTC().Format(time.RFC3339Nano)
		}
		m[keyUID], m[keyFile] = uid(r, fmt.Sprint(f.path, scanner.Line())), filepath.Base(f.path)
		p.records = append(p.records, m)
	}
	switch {
	case scanner.Err() != nil:
		return p, nothing, scanner.Err()
	case !whole && !settled:
		return p, writing, nil
	case len(p.records) == 0:
		return p, nothing, errors.New("there is no report in it")
	}
	return p, ready, nil
}

// uid names the crash, not the text: it is the same for the copy in a black box, which
// may have been cut. A report that does not say of which process it is, is known by its
// place.
func uid(r *report.Report, place string) string {
	p := r.Process
	if p == nil {
		return digest(place + r.String())
	}
	return digest(fmt.Sprint(p.PID, p.TID, p.Time.UnixNano(), p.Executable, r.Kind, r.Headline))
}

func digest(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}

// readBox reads a black box whose program has ended.
func (s *Shipper) readBox(f file) (p parcel, _ state, err error) {
	run, err := blackbox.Open(f.path)
	if errors.Is(err, blackbox.ErrNotABox) {
		return p, nothing, nil
	}
	if err != nil {
		return p, nothing, err
	}
	if run.End.Kind == blackbox.Running {
		return p, writing, nil
	}
	p.path, p.box = f.path, digest(fmt.Sprint(run.BootID, run.PID, run.Started.UnixNano(), run.Opened.UnixNano()))
	if sent, err := os.ReadFile(f.path + sentSuffix); err == nil && strings.TrimSpace(string(sent)) == p.box {
		return p, nothing, nil
	}
	var m map[string]any
	if r, err := report.Parse(run.Report); err == nil && len(run.Report) > 0 {
		id := uid(r, p.box)
		if s.hasFile(run.PID, id) {
			return p, nothing, nil
		}
		m = r.Record()
		m[keyUID] = id
	} else if run.Unexpected() {
		if m, err = boxRecord(run); err != nil {
			return p, nothing, err
		}
		m[keyUID] = p.box
	} else {
		return p, nothing, nil
	}
	m[keyFile] = filepath.Base(f.path)
	p.records = []map[string]any{m}
	return p, ready, nil
}

// boxRecord is of a program that ended without a report, as one that was killed.
func boxRecord(run *blackbox.Run) (map[string]any, error) {
	var text strings.Builder
	if _, err := run.WriteTo(&text); err != nil {
		return nil, err
	}
	m := map[string]any{
		"severity_text": "FATAL", "severity_number": 21,
		"body":           fmt.Sprintf("%s (process %d) %s: %s", run.Program, run.PID, run.End.Kind, run.End.Detail),
		"exception.type": run.End.Kind.String(), "exception.message": run.End.Detail, "exception.stacktrace": text.String(),
		"process.pid": run.PID, "process.executable.name": run.Program, "process.executable.path": run.Executable,
		"epitaph.kind": "box", keySignature: run.Program + " " + run.End.Kind.String(),
	}
	if !run.End.Time.IsZero() {
		m[keyTime] = run.End.Time.UTC().Format(time.RFC3339Nano)
	}
	for _, a := range run.Annotations {
		m["epitaph.annotation."+a.Key] = a.Value
	}
	return m, nil
}

// hasFile reports whether the report of a box is in a file of the directory, too, which
// is sent or has been. The names of files hold the process.
func (s *Shipper) hasFile(pid int, id string) bool {
	for _, suffix := range []string{"", sentSuffix, leftOutSuffix} {
		paths, _ := filepath.Glob(filepath.Join(s.Dir, fmt.Sprintf("*-%d-*%s%s", pid, reportSuffix, suffix)))
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				continue
			}
			if r, err := report.Parse(text); err == nil && uid(r, "") == id {
				return true
			}
		}
	}
	return false
}

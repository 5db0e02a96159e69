// Package ship sends the reports in a directory to a server of logs that speaks
// OTLP/HTTP, each of them once.
//
// A report file is renamed to NAME.sent when the server has taken it, and not looked at
// again. A black box stays where it is, because the program uses it again; NAME.sent
// beside it says which run of it was sent. What was left out to keep a rate is renamed to
// NAME.left-out when the record that counts it has been taken.
//
// There is one case in which a report comes twice: the server has taken it, and neither
// its answer nor the renaming gets through, because the connection or this process ends in
// between. Every record has the attribute log.record.uid, which is the same both times.
//
// A lock in the directory keeps two processes from sending at once.
package ship

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A Shipper has what is sent from where to where. Dir, URL and Client must be set.
type Shipper struct {
	Dir    string
	URL    string
	Header http.Header
	Client *http.Client
	// Protobuf sends protocol buffers in place of JSON.
	Protobuf bool
	// Scrub takes addresses and the beginnings of paths out.
	Scrub bool
	// Sample is how many reports of one signature are sent; the zero Rate is all.
	Sample Rate
	// MaxAge is how old reports may be; 0 is any age.
	MaxAge time.Duration
	// Settle is how long a file without an end line must not have changed, until it is
	// taken for one whose writer is dead.
	Settle time.Duration
	// Patience is how long to try while the server does not answer; 0 is for ever.
	Patience time.Duration
	// Backoff is the first wait between two tries, which doubles up to MaxBackoff.
	Backoff, MaxBackoff time.Duration
	// Warn is called with a line for each thing that went wrong.
	Warn func(string)

	done map[string]bool // files that are not to be looked at again, whatever their name
}

// Result counts what has become of the files.
type Result struct {
	Sent    int // records that the server has taken
	LeftOut int // reports that were left out by Sample, and counted in a record
	Old     int // older than MaxAge
	Writing int // not yet at their end
	Failed  int // without a report, or refused by the server
}

// limits of a request: servers of OTLP take some megabytes.
const (
	batchRecords = 64
	batchBytes   = 1 << 20
)

// Run sends what is in the directory now. An error says that it could not go on; files
// that the server has refused are counted in Failed.
func (s *Shipper) Run(ctx context.Context) (Result, error) {
	var result Result
	unlock, err := lock(filepath.Join(s.Dir, ".epitaph-ship.lock"))
	if err != nil {
		return result, err
	}
	defer unlock()
	if s.done == nil {
		s.done = map[string]bool{}
	}
	files, err := s.list()
	if err != nil {
		return result, err
	}
	sampler := sampler{rate: s.Sample}
	var batch []parcel
	size := 0
	flush := func() error {
		err := s.deliver(ctx, batch, &result)
		batch, size = nil, 0
		return err
	}
	known := map[string]bool{} // what is on its way: a report may be in two files
	for _, f := range files {
		p, ok := s.open(f, known, &result)
		if !ok {
			continue
		}
		if p, ok = sampler.take(p); !ok {
			continue
		}
		batch = append(batch, p)
		if size += p.size(); len(batch) == batchRecords || size > batchBytes {
			if err := flush(); err != nil {
				return result, err
			}
		}
	}
	batch = append(batch, sampler.rest()...)
	return result, flush()
}

// open reads a file; ok is false if it has nothing to send, now or at all.
func (s *Shipper) open(f file, known map[string]bool, result *Result) (p parcel, ok bool) {
	if s.MaxAge > 0 && time.Since(f.info.ModTime()) > s.MaxAge {
		result.Old++
		return p, false
	}
	p, state, err := s.read(f)
	switch {
	case err != nil:
		result.Failed++
		s.warn("%s: %v", f.path, err)
		return p, false
	case state == writing:
		result.Writing++
		return p, false
	case state == nothing:
		return p, false
	}
	// What is on its way already is not sent again, but its file is marked with the others.
	p.records = slices.DeleteFunc(p.records, func(m map[string]any) bool {
		uid := m[keyUID].(string)
		again := known[uid]
		known[uid] = true
		return again
	})
	if s.Scrub {
		p.scrub()
	}
	return p, true
}

func (s *Shipper) warn(format string, args ...any) {
	if s.Warn != nil {
		s.Warn(fmt.Sprintf(format, args...))
	}
}

// mark notes that a parcel was taken. A file that cannot be renamed would be sent again
// at the next look: this process remembers it.
func (s *Shipper) mark(p parcel) error {
	var problem error
	note := func(path string, err error) {
		if err != nil {
			s.done[path] = true
			problem = err
		}
	}
	for _, path := range p.counted {
		note(path, os.Rename(path, path+leftOutSuffix))
	}
	switch {
	case p.path == "": // a record that only counts
	case p.box != "":
		note(p.path, os.WriteFile(p.path+sentSuffix, []byte(p.box+"\n"), 0o600))
	default:
		note(p.path, os.Rename(p.path, p.path+sentSuffix))
	}
	if problem != nil {
		return fmt.Errorf("ship: sent, but not marked as sent: %w", problem)
	}
	return nil
}

// Package pprof turns a report into a profile, so that "go tool pprof" shows what the
// goroutines and threads of a program were doing when it crashed or hung: as a list, a
// graph, a flame graph.
//
//	epitaph export pprof ingest.crash > ingest.pb.gz
//	go tool pprof -http : ingest.pb.gz
//
// A profile has two sample types, goroutines/count and threads/count
// (-sample_index=threads). Each group of goroutines, and each thread or group of threads
// with equal stacks, is a sample with its number. Labels say more: goroutine (the id of the
// first one), tid, thread (its name), state, and crashed=yes. Modules are mappings with
// their build-ids; calls that were inlined into a C function share its location.
//
// The package is pure Go.
package pprof

import (
	"fmt"
	"io"

	"github.com/google/pprof/profile"

	"github.com/epitaph-go/epitaph/report"
)

// Write writes the report's profile, as pprof reads it: a compressed protocol buffer.
func Write(w io.Writer, r *report.Report) error {
	p, err := Profile(r)
	if err == nil {
		err = p.Write(w)
	}
	if err != nil {
		return fmt.Errorf("pprof: %w", err)
	}
	return nil
}

// Profile returns the report's profile. It is an error if it would not be valid, which no
// report should bring about.
func Profile(r *report.Report) (*profile.Profile, error) {
	b := newBuilder(r)
	for i := range r.Threads {
		b.thread(&r.Threads[i])
	}
	b.profile.DefaultSampleType = "threads"
	for i := range r.GoroutineGroups {
		b.goroutines(&r.GoroutineGroups[i])
	}
	if len(b.profile.Sample) == 0 {
		b.goText()
	}
	if err := b.profile.CheckValid(); err != nil {
		return nil, fmt.Errorf("pprof: %w", err)
	}
	return b.profile, nil
}

// thread adds a thread, or those of a group.
func (b *builder) thread(t *report.Thread) {
	labels := map[string][]string{}
	numbers := map[string][]int64{}
	if name := t.Name(); name != "" {
		labels["thread"] = []string{name}
	}
	for _, m := range t.Members {
		numbers["tid"] = append(numbers["tid"], int64(m.TID))
	}
	if len(t.Members) > 0 && t.Members[0].State != "" {
		labels["state"] = []string{t.Members[0].State}
	}
	if b.report.Kind == report.Crash && t.Current() {
		labels["crashed"] = []string{"yes"}
	}
	b.add(t.Frames, []int64{0, int64(t.Count)}, labels, numbers)
}

// goroutines adds a group of goroutines.
func (b *builder) goroutines(g *report.GoroutineGroup) {
	labels := map[string][]string{}
	numbers := map[string][]int64{}
	if g.Status != "" {
		labels["state"] = []string{g.Status}
	}
	if len(g.IDs) > 0 {
		numbers["goroutine"] = []int64{int64(g.IDs[0])}
	}
	if tid := g.Thread(); tid != 0 {
		numbers["tid"] = []int64{int64(tid)}
		labels["crashed"] = []string{"yes"}
	}
	if b.add(g.Frames, []int64{int64(g.Count), 0}, labels, numbers) {
		b.profile.DefaultSampleType = "goroutines"
	}
}

// goText adds the goroutine that Go's own report has, of a report without other stacks.
func (b *builder) goText() {
	if b.add(b.report.Calls(), []int64{1, 0}, map[string][]string{"crashed": {"yes"}}, nil) {
		b.profile.DefaultSampleType = "goroutines"
	}
}

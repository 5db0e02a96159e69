package pprof

import (
	"github.com/google/pprof/profile"

	"github.com/epitaph-go/epitaph/report"
)

// builder makes a profile, in which functions, locations and mappings are shared by
// samples.
type builder struct {
	report    *report.Report
	profile   *profile.Profile
	mappings  map[string]*profile.Mapping // by path: a name is no address
	functions map[functionKey]*profile.Function
	locations map[string]*profile.Location
}

type functionKey struct{ name, file string }

func newBuilder(r *report.Report) *builder {
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "goroutines", Unit: "count"}, {Type: "threads", Unit: "count"}},
		PeriodType: &profile.ValueType{Type: "goroutines", Unit: "count"}, Period: 1, // profile.Merge needs one
		Comments: []string{r.Summary(), "signature " + r.Signature()},
	}
	if r.Process != nil {
		p.TimeNanos = r.Process.Time.UnixNano()
	}
	b := &builder{r, p, map[string]*profile.Mapping{}, map[functionKey]*profile.Function{}, map[string]*profile.Location{}}
	for _, m := range r.Modules {
		v := &profile.Mapping{
			ID: uint64(len(p.Mapping) + 1), Start: uint64(m.Start), Limit: uint64(m.End), File: m.Path, BuildID: m.BuildID,
			// Names and lines are there as far as they can be had: pprof is not to look itself.
			HasFunctions: true, HasFilenames: true, HasLineNumbers: true, HasInlineFrames: true,
		}
		p.Mapping = append(p.Mapping, v)
		b.mappings[m.Path] = v
	}
	return b
}

// add adds a sample; one without calls, as of a thread that was not asked, is none.
func (b *builder) add(frames []report.Frame, counts []int64, labels map[string][]string, numbers map[string][]int64) bool {
	s := &profile.Sample{Value: counts, Label: labels, NumLabel: numbers}
	for len(frames) > 0 {
		n := 1
		for n < len(frames) && frames[n-1].Inlined && frames[n-1].PC != 0 && frames[n].PC == frames[n-1].PC {
			n++ // inlined into the next one
		}
		if l := b.location(frames[:n]); l != nil {
			s.Location = append(s.Location, l)
		}
		frames = frames[n:]
	}
	if len(s.Location) == 0 {
		return false
	}
	b.profile.Sample = append(b.profile.Sample, s)
	return true
}

// location is of one address: a call and, before it, those that were inlined into it. It
// is nil for a line of a stack that is no call.
func (b *builder) location(frames []report.Frame) *profile.Location {
	key := ""
	for _, f := range frames {
		switch f.Kind {
		case report.SourceFrame, report.BinaryFrame, report.CodeFrame, report.UnknownFrame, report.NotExecutableFrame:
		case report.CreatedBy, report.CutFrames, report.RepeatedFrames, report.SignalFrame, report.LostFrames, report.NoStack, report.SeenFromOutside:
			return nil
		}
		key += f.String() + "\n"
	}
	if l := b.locations[key]; l != nil {
		return l
	}
	last := frames[len(frames)-1]
	l := &profile.Location{ID: uint64(len(b.profile.Location) + 1), Address: uint64(last.PC), Mapping: b.mapping(last)}
	for _, f := range frames {
		l.Line = append(l.Line, profile.Line{Function: b.function(f), Line: int64(f.Line)})
	}
	b.locations[key] = l
	b.profile.Location = append(b.profile.Location, l)
	return l
}

func (b *builder) mapping(f report.Frame) *profile.Mapping {
	if f.PC == 0 {
		return nil
	}
	m := b.report.Module(f.PC)
	if m == nil {
		return nil
	}
	return b.mappings[m.Path]
}

func (b *builder) function(f report.Frame) *profile.Function {
	file := f.File
	if file == "" {
		file = f.Module
	}
	key := functionKey{f.Name(), file}
	v := b.functions[key]
	if v == nil {
		v = &profile.Function{ID: uint64(len(b.profile.Function) + 1), Name: key.name, SystemName: key.name, Filename: file}
		b.functions[key] = v
		b.profile.Function = append(b.profile.Function, v)
	}
	return v
}

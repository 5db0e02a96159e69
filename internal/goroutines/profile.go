package goroutines

import (
	"cmp"
	"runtime"
	"slices"
)

// FromProfile reads the result of runtime.GoroutineProfile: stacks without ids,
// states and creators, of 32 calls at most. alive is how many goroutines there
// are, which may be more; own is that of Source.
func FromProfile(records []runtime.StackRecord, alive int, own func(function string) bool) Set {
	var set Set
	index := make(map[[32]uintptr]int)
	for i := range records {
		at, ok := index[records[i].Stack0]
		if !ok {
			at = len(set.Groups)
			index[records[i].Stack0] = at
			set.Groups = append(set.Groups, Group{Frames: framesAt(records[i].Stack())})
		}
		set.Groups[at].Count++
	}
	set.Groups = slices.DeleteFunc(set.Groups, func(g Group) bool {
		for i := len(g.Frames) - 1; i >= 0; i-- {
			if f := g.Frames[i].Func; f != "" && f != "runtime.goexit" {
				if own(f) {
					set.Own += g.Count
					return true
				}
				break
			}
		}
		return false
	})
	slices.SortStableFunc(set.Groups, func(a, b Group) int { return cmp.Compare(b.Count, a.Count) })
	for i := range set.Groups {
		set.Groups[i].Frames = visible(set.Groups[i].Frames)
	}
	set.Count = max(set.known(), alive-set.Own)
	return set
}

// framesAt names the calls at pcs.
func framesAt(pcs []uintptr) []Frame {
	if len(pcs) == 0 {
		return nil
	}
	var result []Frame
	frames := runtime.CallersFrames(pcs)
	for {
		f, more := frames.Next()
		result = append(result, Frame{Func: f.Function, File: f.File, Line: f.Line, PC: uint64(f.PC)})
		if !more {
			break
		}
	}
	if len(pcs) == len(runtime.StackRecord{}.Stack0) && result[len(result)-1].Func != "runtime.goexit" {
		result = append(result, Frame{Elided: -1})
	}
	return result
}

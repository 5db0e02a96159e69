package view

import (
	"path"
	"strings"

	"github.com/epitaph-go/epitaph/report"
)

// findRoots finds the directories that paths are shown without: Go's own, and the one
// that all files of the program in the current stack have in common.
func (v *Viewer) findRoots() {
	common, found := "", false
	for _, f := range v.sample() {
		switch {
		case f.File == "":
		case strings.HasPrefix(f.Func, "runtime.") && strings.Contains(f.File, "/src/runtime/"):
			root := f.File[:strings.Index(f.File, "/src/runtime/")] + "/src/"
			if len(v.roots) == 0 {
				v.roots = append(v.roots, root)
			}
		case v.KindOf(f) != Program || !strings.HasPrefix(f.File, "/") || strings.Contains(f.File, "/pkg/mod/"):
		case !found:
			common, found = path.Dir(f.File)+"/", true
		default:
			for !strings.HasPrefix(f.File, common) {
				common = common[:strings.LastIndexByte(strings.TrimSuffix(common, "/"), '/')+1]
			}
		}
	}
	if strings.Count(common, "/") > 1 {
		v.roots = append(v.roots, common)
	}
	if b := v.r.Build; b != nil && b.Module != "" {
		v.roots = append(v.roots, b.Module+"/") // of a program that was built with -trimpath
	}
}

// sample are the frames that the roots are looked for in.
func (v *Viewer) sample() []report.Frame {
	frames := v.r.Program()
	if t := v.r.Current(); t != nil {
		frames = append(frames, t.Frames...)
	}
	for i := range v.r.Threads {
		if len(frames) > 200 {
			break
		}
		frames = append(frames, v.r.Threads[i].Frames...)
	}
	return frames
}

// short returns a path without the directories that say nothing.
func (v *Viewer) short(file string) string {
	for _, root := range v.roots {
		if rest, ok := strings.CutPrefix(file, root); ok {
			return rest
		}
	}
	if i := strings.LastIndex(file, "/pkg/mod/"); i >= 0 {
		return file[i+len("/pkg/mod/"):]
	}
	return file
}

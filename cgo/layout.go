//go:build cgo && linux && (amd64 || arm64)

package cgo

// #include "record/box.h"
// #include "record/mark.h"
import "C"

import "github.com/epitaph-go/epitaph/internal/boxformat"

// The layout of the black box stands twice: in C for the core, in Go for writers
// and readers. Where they differ, this does not compile.
var (
	_ [boxformat.StatusOffset]struct{} = [C.EPI_BOX_STATUS]struct{}{}
	_ [boxformat.MarkOffset]struct{}   = [C.EPI_BOX_ENDING]struct{}{}
	_ [boxformat.AskedOffset]struct{}  = [C.EPI_BOX_ASKED]struct{}{}
	_ [boxformat.WatchOffset]struct{}  = [C.EPI_BOX_WATCH]struct{}{}
	_ [boxformat.MarkSize]struct{}     = [C.sizeof_struct_epi_mark]struct{}{}
	_ [boxformat.NotesOffset]struct{}  = [C.EPI_BOX_NOTES]struct{}{}
	_ [boxformat.SlotsOffset]struct{}  = [C.EPI_BOX_SLOTS]struct{}{}
	_ [boxformat.ReportOffset]struct{} = [C.EPI_BOX_REPORT]struct{}{}
	_ [boxformat.FileSize]struct{}     = [C.EPI_BOX_SIZE]struct{}{}
	_ [boxformat.SlotCount]struct{}    = [C.EPI_SLOTS]struct{}{}
	_ [boxformat.SlotText]struct{}     = [C.EPI_SLOT_TEXT]struct{}{}

	_ [boxformat.Crumbs]struct{}        = [C.EPI_CRUMBS]struct{}{}
	_ [boxformat.CrumbTextSize]struct{} = [C.EPI_CRUMB_TEXT]struct{}{}
	_ [boxformat.Annotations]struct{}   = [C.EPI_ANNOTATIONS]struct{}{}
	_ [boxformat.KeySize]struct{}       = [C.EPI_ANNOTATION_KEY]struct{}{}
	_ [boxformat.ValueSize]struct{}     = [C.EPI_ANNOTATION_VALUE]struct{}{}

	_ [boxformat.StateRunning]struct{}  = [C.EPI_BOX_RUNNING]struct{}{}
	_ [boxformat.StateClean]struct{}    = [C.EPI_BOX_CLEAN]struct{}{}
	_ [boxformat.StateCrashed]struct{}  = [C.EPI_BOX_CRASHED]struct{}{}
	_ [boxformat.StateReported]struct{} = [C.EPI_BOX_REPORTED]struct{}{}
	_ [boxformat.MarkReturn]struct{}    = [C.EPI_MARK_RETURN]struct{}{}
	_ [boxformat.MarkOSExit]struct{}    = [C.EPI_MARK_OS_EXIT]struct{}{}
	_ [boxformat.MarkLogFatal]struct{}  = [C.EPI_MARK_LOG_FATAL]struct{}{}
	_ [boxformat.MarkExit]struct{}      = [C.EPI_MARK_EXIT]struct{}{}
	_ [boxformat.MarkQuickExit]struct{} = [C.EPI_MARK_QUICK_EXIT]struct{}{}
	_ [boxformat.MarkExitNow]struct{}   = [C.EPI_MARK_EXIT_NOW]struct{}{}
	_ [boxformat.MarkSignal]struct{}    = [C.EPI_MARK_SIGNAL]struct{}{}
	_ [boxformat.NotesCrash]struct{}    = [C.EPI_NOTES_CRASH]struct{}{}
	_ [boxformat.NotesMoving]struct{}   = [C.EPI_NOTES_MOVING]struct{}{}
)

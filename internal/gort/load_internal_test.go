//go:build linux && (amd64 || arm64)

package gort

import (
	"strings"
	"testing"
)

func TestFindGoFuncNamesWhatDisagrees(t *testing.T) {
	rt := Runtime{Text: 0x1000, EText: 0x2000, Pclntab: 0x3000, EPclntab: 0x5000}
	// layout is module data as Go 1.26 has it, gofunc at word 40.
	layout := func(change func(*[moduleWords]uintptr)) *[moduleWords]uintptr {
		var m [moduleWords]uintptr
		m[wordHeader], m[wordText], m[wordEText] = rt.Pclntab, rt.Text, rt.EText
		m[40], m[41], m[43], m[44] = 0x4000, rt.EPclntab, 1, 1
		change(&m)
		return &m
	}
	got, err := findGoFunc(layout(func(m *[moduleWords]uintptr) {
		m[29], m[30] = 0x6000, rt.EPclntab // a match by chance, as 1.27 has one
	}), &rt)
	if got != 40 || err != nil {
		t.Fatalf("%d, %v", got, err)
	}
	for _, c := range []struct {
		err    string
		module *[moduleWords]uintptr
	}{
		{"lastmoduledatap is nil", nil},
		{"moduledata.pcHeader", layout(func(m *[moduleWords]uintptr) { m[wordHeader] = 1 })},
		{"moduledata.text", layout(func(m *[moduleWords]uintptr) { m[wordText]-- })},
		{"moduledata.etext", layout(func(m *[moduleWords]uintptr) { m[wordEText]++ })},
		{"2 text sections", layout(func(m *[moduleWords]uintptr) { m[43] = 2 })},
		{"no gofunc", layout(func(m *[moduleWords]uintptr) { m[40] = 0x6000 })},
		{"no gofunc", layout(func(m *[moduleWords]uintptr) { m[41] = 0 })},
	} {
		if got, err := findGoFunc(c.module, &rt); err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%d, %v; want %q", got, err, c.err)
		}
	}
}

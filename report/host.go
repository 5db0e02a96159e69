package report

import (
	"strconv"
	"strings"
)

// Host is where the process ran. What was not known is empty.
type Host struct {
	Name   string `json:"name"`
	OS     string `json:"os"`               // "linux"
	Kernel string `json:"kernel,omitempty"` // its release: "6.8.0-45-generic"
	Libc   string `json:"libc,omitempty"`   // "glibc 2.36", "musl"
	CPUs   int    `json:"cpus,omitempty"`   // that the process could run on
	// Container is the container's id, Pod the UID of Kubernetes' pod, and Unit
	// systemd's: "ingest.service".
	Container string `json:"container,omitempty"`
	Pod       string `json:"pod,omitempty"`
	Unit      string `json:"unit,omitempty"`
}

const hostPrefix = `Host: "`

// hostFacts are the facts that begin with a word. They stand in this order.
var hostFacts = []struct {
	word string
	of   func(*Host) *string
}{
	{"container ", func(h *Host) *string { return &h.Container }},
	{"pod ", func(h *Host) *string { return &h.Pod }},
	{"unit ", func(h *Host) *string { return &h.Unit }},
}

func parseHost(line string) (h Host, ok bool) {
	s, ok := strings.CutPrefix(line, hostPrefix)
	name, s, ok1 := strings.Cut(s, `", `)
	h.Name = decode(name, true)
	for i, fact := range strings.Split(s, ", ") {
		switch {
		case i == 0:
			os, kernel, _ := strings.Cut(fact, " ")
			h.OS, h.Kernel = decode(os, false), decode(kernel, false)
		case strings.HasSuffix(fact, " CPU"), strings.HasSuffix(fact, " CPUs"):
			count, _, _ := strings.Cut(fact, " ")
			h.CPUs, _ = strconv.Atoi(count)
		default:
			h.add(fact)
		}
	}
	return h, ok && ok1 && h.OS != ""
}

// add takes a fact that is no number.
func (h *Host) add(fact string) {
	for _, f := range hostFacts {
		if value, is := strings.CutPrefix(fact, f.word); is {
			*f.of(h) = decode(value, false)
			return
		}
	}
	h.Libc = decode(fact, false)
}

func appendHost(b []byte, h Host, _ bool) []byte {
	b = append(appendQuoted(append(b, "Host: "...), h.Name), ", "...)
	b = appendText(b, h.OS)
	if h.Kernel != "" {
		b = appendText(append(b, ' '), h.Kernel)
	}
	if h.Libc != "" {
		b = appendText(append(b, ", "...), h.Libc)
	}
	if h.CPUs != 0 {
		b = appendCount(append(b, ", "...), int64(h.CPUs), "CPU")
	}
	for _, f := range hostFacts {
		if value := *f.of(&h); value != "" {
			b = appendText(append(append(b, ", "...), f.word...), value)
		}
	}
	return b
}

// appendCount appends "1 thread", "2 threads".
func appendCount(b []byte, n int64, what string) []byte {
	b = append(append(strconv.AppendInt(b, n, 10), ' '), what...)
	if n != 1 {
		b = append(b, 's')
	}
	return b
}

package sentry

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strconv"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

// The JSON of an event, as Sentry's published schema has it (relay/event.schema.json of
// getsentry/sentry-data-schemas). The client's types have some of it in another form:
// client.go.
type event struct {
	ID          string                    `json:"event_id"`
	Timestamp   string                    `json:"timestamp,omitempty"`
	Platform    string                    `json:"platform"`
	Level       string                    `json:"level"`
	LogEntry    logEntry                  `json:"logentry"`
	Release     string                    `json:"release,omitempty"`
	ServerName  string                    `json:"server_name,omitempty"`
	Fingerprint []string                  `json:"fingerprint"`
	Tags        map[string]string         `json:"tags,omitempty"`
	SDK         map[string]string         `json:"sdk"`
	Contexts    map[string]map[string]any `json:"contexts"`
	Exceptions  *values[exception]        `json:"exception,omitempty"`
	Threads     *values[thread]           `json:"threads,omitempty"`
	Breadcrumbs *values[breadcrumb]       `json:"breadcrumbs,omitempty"`
	DebugMeta   *debugMeta                `json:"debug_meta,omitempty"`
}

// values is the form that lists have.
type values[T any] struct {
	Values []T `json:"values"`
}

func valuesOf[T any](list []T) *values[T] {
	if len(list) == 0 {
		return nil
	}
	return &values[T]{list}
}

type logEntry struct {
	Formatted string `json:"formatted"`
}

type exception struct {
	Type  string `json:"type"`
	Value string `json:"value,omitempty"`
	// ThreadID is the ID of one of the threads, and has its type: a string.
	ThreadID   string      `json:"thread_id,omitempty"`
	Mechanism  mechanism   `json:"mechanism"`
	Stacktrace *stacktrace `json:"stacktrace,omitempty"`
}

type mechanism struct {
	Type    string `json:"type"`
	Handled bool   `json:"handled"`
	Meta    *meta  `json:"meta,omitempty"`
}

type meta struct {
	Signal signal `json:"signal"`
}

type signal struct {
	Number   int    `json:"number"`
	Code     int    `json:"code"`
	Name     string `json:"name"`
	CodeName string `json:"code_name,omitempty"`
}

type breadcrumb struct {
	Timestamp string `json:"timestamp,omitempty"`
	Type      string `json:"type"`
	Level     string `json:"level"`
	Message   string `json:"message"`
}

func newEvent(r *report.Report) *event {
	record := r.Record()
	text := func(key string) string { s, _ := record[key].(string); return s }
	e := &event{
		ID: eventID(r), Timestamp: text("timestamp"), Platform: "native", Level: level(r), LogEntry: logEntry{text("body")},
		Release: release(r.Build), ServerName: text("host.name"), Fingerprint: []string{r.Signature()},
		Tags: tags(r), SDK: map[string]string{"name": "epitaph", "version": version()}, Contexts: contexts(r),
		DebugMeta: images(r),
	}
	list := threads(r)
	if kind := text("exception.type"); kind != "" {
		x := newException(r, kind, text("exception.message"))
		e.Exceptions = valuesOf([]exception{x})
		// Sentry connects the two, and wants the stack in one of them.
		for i := range list {
			if list[i].ID == x.ThreadID && x.Stacktrace != nil {
				list[i].Stacktrace = nil
				break
			}
		}
	}
	e.Threads = valuesOf(list)
	var crumbs []breadcrumb
	for _, c := range r.Breadcrumbs {
		b := breadcrumb{Type: "default", Level: "info", Message: c.Text}
		if p := r.Process; p != nil {
			b.Timestamp = timestamp(p.Time.Add(-c.Before.Duration))
		}
		crumbs = append(crumbs, b)
	}
	e.Breadcrumbs = valuesOf(crumbs)
	return e
}

// eventID is the same for the same report, so that Sentry drops one that comes twice.
func eventID(r *report.Report) string {
	sum := sha256.Sum256([]byte(r.String()))
	return hex.EncodeToString(sum[:16])
}

func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func level(r *report.Report) string {
	switch r.Kind {
	case report.Timeout:
		return "error"
	case report.Dump:
		return "info"
	}
	return "fatal"
}

// release is NAME@VERSION, as Sentry wants it, or what the program was built from.
func release(b *report.Build) string {
	switch {
	case b == nil:
		return ""
	case b.Module != "" && b.Version != "" && b.Version != "(devel)":
		return b.Module + "@" + b.Version
	}
	return b.Revision
}

func newException(r *report.Report, kind, value string) exception {
	x := exception{Type: kind, Value: value, Mechanism: mechanism{Type: "generic"}, Stacktrace: stackOf(r, r.Calls())}
	if t := r.Current(); t != nil {
		x.ThreadID = strconv.Itoa(t.TID())
	}
	if x.Stacktrace != nil {
		x.Stacktrace.Registers = registers(r)
	}
	switch s := r.Signal; {
	case s != nil:
		x.Mechanism.Type = "signalhandler"
		x.Mechanism.Meta = &meta{signal{s.Number, s.Code, s.Name, s.CodeName}}
	case r.Kind == report.Timeout:
		x.Mechanism.Type = "hang"
	case kind == "panic":
		x.Mechanism.Type = "panic"
	}
	return x
}

// tagKey and maxTag are what Sentry takes for a tag; it drops others.
var tagKey = regexp.MustCompile(`^[a-zA-Z0-9_.:-]{1,32}$`)

const maxTag = 200

// tags can be searched for: the signal, and those annotations of the program that fit.
func tags(r *report.Report) map[string]string {
	m := map[string]string{"epitaph.kind": r.Kind.String()}
	for _, a := range r.Annotations {
		if tagKey.MatchString(a.Key) && a.Value != "" && len(a.Value) <= maxTag {
			m[a.Key] = a.Value
		}
	}
	if r.Signal != nil {
		m["signal"] = r.Signal.Name
	}
	return m
}

func registers(r *report.Report) map[string]string {
	if len(r.Registers) == 0 {
		return nil
	}
	m := make(map[string]string, len(r.Registers))
	for _, reg := range r.Registers {
		m[reg.Name] = hexOf(uint64(reg.Value))
	}
	return m
}

func hexOf(v uint64) string { return "0x" + strconv.FormatUint(v, 16) }

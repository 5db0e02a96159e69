package sentry

import (
	"encoding/json"
	"fmt"
	"strconv"

	sentrygo "github.com/getsentry/sentry-go"

	"github.com/epitaph-go/epitaph/report"
)

// Event returns the report as an event for the client that a program has. It is what
// Envelope writes, as far as the client's types hold it; the signal is in the mechanism's
// data.
func Event(r *report.Report) *sentrygo.Event {
	e := newEvent(r)
	payload, err := json.Marshal(clientForm(e))
	event := sentrygo.NewEvent()
	if err == nil {
		err = json.Unmarshal(payload, event)
	}
	if err != nil {
		panic(fmt.Sprintf("sentry: an event does not fit the client's types: %v", err)) // tests decode all
	}
	for i := range event.Exception {
		if meta := e.Exceptions.Values[i].Mechanism.Meta; meta != nil {
			event.Exception[i].Mechanism.Data = map[string]any{"signal": meta.Signal.Name, "signal_code": meta.Signal.CodeName}
		}
	}
	return event
}

// clientEvent is an event as the client writes it: where the published schema has objects
// with values it has plain lists, and the id of an exception's thread is a number. Sentry
// reads either.
type clientEvent struct {
	*event
	Message     string            `json:"message"`
	Exceptions  []clientException `json:"exception,omitempty"`
	Threads     []thread          `json:"threads,omitempty"`
	Breadcrumbs []breadcrumb      `json:"breadcrumbs,omitempty"`
}

type clientException struct {
	exception
	ThreadID uint64 `json:"thread_id,omitempty"`
}

func clientForm(e *event) clientEvent {
	c := clientEvent{event: e, Message: e.LogEntry.Formatted}
	if e.Exceptions != nil {
		for _, x := range e.Exceptions.Values {
			id, _ := strconv.ParseUint(x.ThreadID, 10, 64)
			c.Exceptions = append(c.Exceptions, clientException{x, id})
		}
	}
	if e.Threads != nil {
		c.Threads = e.Threads.Values
	}
	if e.Breadcrumbs != nil {
		c.Breadcrumbs = e.Breadcrumbs.Values
	}
	return c
}

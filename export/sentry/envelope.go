package sentry

import (
	"encoding/json"
	"fmt"
	"io"

	sentrygo "github.com/getsentry/sentry-go"

	"github.com/epitaph-go/epitaph/report"
)

// Envelope writes the report as an envelope with one event, the body of a POST to
// /api/PROJECT/envelope/. The event's id is made from the report: an envelope that is sent
// twice is one event. Errors are those of w.
func Envelope(w io.Writer, r *report.Report) error {
	e := newEvent(r)
	payload, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("sentry: %w", err)
	}
	text := fmt.Appendf(nil, `{"event_id":%q}`+"\n", e.ID)
	text = fmt.Appendf(text, `{"type":"event","content_type":"application/json","length":%d}`+"\n", len(payload))
	text = append(append(text, payload...), '\n')
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("sentry: %w", err)
	}
	return nil
}

// Event returns the report as an event for the client that a program has. It is what
// Envelope writes, as far as the client's types hold it; the signal is in the mechanism's
// data.
func Event(r *report.Report) *sentrygo.Event {
	e := newEvent(r)
	payload, err := json.Marshal(e)
	event := sentrygo.NewEvent()
	if err == nil {
		// The names of both are those of Sentry's protocol.
		err = json.Unmarshal(payload, event)
	}
	if err != nil {
		panic(fmt.Sprintf("sentry: an event does not fit the client's types: %v", err)) // tests decode all
	}
	for i := range event.Exception {
		if meta := e.Exceptions[i].Mechanism.Meta; meta != nil {
			event.Exception[i].Mechanism.Data = map[string]any{"signal": meta.Signal.Name, "signal_code": meta.Signal.CodeName}
		}
	}
	return event
}

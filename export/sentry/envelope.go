package sentry

import (
	"encoding/json"
	"fmt"
	"io"

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

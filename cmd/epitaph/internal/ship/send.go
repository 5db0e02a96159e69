package ship

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/epitaph-go/epitaph/export/otel"
)

// deliver sends parcels in one request and marks them. A request whose content the server
// refuses is sent again in halves, until the one is found that it does not like.
func (s *Shipper) deliver(ctx context.Context, batch []parcel, result *Result) error {
	if len(batch) == 0 {
		return nil
	}
	err := s.send(ctx, batch)
	var refused *refusal
	if errors.As(err, &refused) {
		if len(batch) > 1 {
			half := len(batch) / 2
			if err := s.deliver(ctx, batch[:half], result); err != nil {
				return err
			}
			return s.deliver(ctx, batch[half:], result)
		}
		result.Failed++
		s.warn("%s: %v", batch[0].path, err)
		return nil
	}
	if err != nil {
		return err
	}
	var problems []error
	for _, p := range batch {
		result.Sent += len(p.records)
		result.LeftOut += len(p.counted)
		problems = append(problems, s.mark(p))
	}
	return errors.Join(problems...)
}

// refusal is a server's answer that the content is wrong: to send it again is no use.
type refusal struct{ text string }

func (r *refusal) Error() string { return "the server refuses it: " + r.text }

// retry is an answer, or the lack of one, after which to try again.
type retry struct {
	err   error
	after time.Duration // what the server has asked for
}

func (r *retry) Error() string { return r.err.Error() }

// send sends parcels until the server has taken them, with growing waits in between.
func (s *Shipper) send(ctx context.Context, batch []parcel) error {
	var records []map[string]any
	for _, p := range batch {
		records = append(records, p.records...)
	}
	if len(records) == 0 {
		return nil
	}
	q, err := otel.NewRequest(records...)
	if err != nil {
		return err
	}
	kind, body := "application/x-protobuf", q.Protobuf()
	if !s.Protobuf {
		kind = "application/json"
		if body, err = q.JSON(); err != nil {
			return err
		}
	}
	began, wait, told := time.Now(), s.Backoff, false
	for {
		err := s.post(ctx, kind, body)
		var again *retry
		if err == nil || !errors.As(err, &again) {
			return err
		}
		if s.Patience > 0 && time.Since(began) >= s.Patience {
			return fmt.Errorf("ship: gave up after %v: %w", s.Patience, again.err)
		}
		if !told {
			s.warn("%v; trying again", again.err)
			told = true
		}
		// Between one half and all of it, so that a thousand machines do not come at once.
		pause := max(again.after, wait/2+rand.N(wait/2+1))
		wait = min(2*wait, s.MaxBackoff)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// maxAnswer is how much of an answer is read.
const maxAnswer = 64 << 10

func (s *Shipper) post(ctx context.Context, kind string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("ship: %w", err)
	}
	for key, values := range s.Header {
		req.Header[key] = values
	}
	req.Header.Set("Content-Type", kind)
	resp, err := s.Client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &retry{err: fmt.Errorf("ship: %w", err)}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	text := fmt.Sprintf("%s: %.300q", resp.Status, answer)
	switch code := resp.StatusCode; {
	case code/100 == 2:
		// The answer's head says that it was taken. To send it again because its end is
		// missing would be to send it twice.
		if err == nil {
			s.partly(answer)
		}
		return nil
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code/100 == 5:
		return &retry{fmt.Errorf("ship: %s: %s", s.URL, text), retryAfter(resp.Header.Get("Retry-After"))}
	case code == http.StatusBadRequest, code == http.StatusRequestEntityTooLarge, code == http.StatusUnprocessableEntity:
		return &refusal{text}
	}
	return fmt.Errorf("ship: %s: %s", s.URL, text)
}

// partly reports records that the server has taken and dropped. OTLP forbids to send
// them again.
func (s *Shipper) partly(answer []byte) {
	var v struct {
		PartialSuccess struct {
			Rejected json.RawMessage `json:"rejectedLogRecords"`
			Message  string          `json:"errorMessage"`
		} `json:"partialSuccess"`
	}
	if json.Unmarshal(answer, &v) != nil {
		return
	}
	n, _ := strconv.Atoi(string(bytes.Trim(v.PartialSuccess.Rejected, `"`)))
	if n > 0 || v.PartialSuccess.Message != "" {
		s.warn("records that the server dropped: %d (%s)", n, v.PartialSuccess.Message)
	}
}

// retryAfter reads the header of that name: seconds, or a time.
func retryAfter(s string) time.Duration {
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return time.Duration(min(n, 3600)) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil {
		return min(max(time.Until(t), 0), time.Hour)
	}
	return 0
}

package ship

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Rate is a number of reports of one signature in a time; N = 0 is any number.
type Rate struct {
	N   int
	Per time.Duration
}

var units = map[string]time.Duration{"s": time.Second, "min": time.Minute, "h": time.Hour}

// Set reads "1/min" or "1/min/signature"; the time is s, min or h.
func (r *Rate) Set(s string) error {
	n, per, ok := strings.Cut(strings.TrimSuffix(s, "/signature"), "/")
	count, err := strconv.Atoi(n)
	if !ok || err != nil || count < 1 || units[per] == 0 {
		return fmt.Errorf("want N/min, N/s or N/h")
	}
	*r = Rate{count, units[per]}
	return nil
}

func (r *Rate) String() string {
	for name, d := range units {
		if r.N > 0 && d == r.Per {
			return fmt.Sprintf("%d/%s", r.N, name)
		}
	}
	return ""
}

// sampler lets through the first reports of each signature in each stretch of time, that
// of the crashes and not that of sending, so that a server that was away changes nothing.
type sampler struct {
	rate   Rate
	counts map[string]*count
}

type count struct {
	window time.Time
	n      int
	// out are the files that were left out and that no record has counted yet.
	out []string
	// like is a record of the signature, for the one that counts the rest.
	like map[string]any
}

// take returns the parcel with the count of those that were left out before it; ok is
// false if it is to be left out itself.
func (s *sampler) take(p parcel) (parcel, bool) {
	if s.rate.N == 0 || len(p.records) == 0 {
		return p, true
	}
	if s.counts == nil {
		s.counts = map[string]*count{}
	}
	first := p.records[0]
	signature, _ := first[keySignature].(string)
	c := s.counts[signature]
	if c == nil {
		c = new(count)
		s.counts[signature] = c
	}
	text, _ := first[keyTime].(string)
	at, _ := time.Parse(time.RFC3339Nano, text)
	if window := at.Truncate(s.rate.Per); !window.Equal(c.window) {
		c.window, c.n = window, 0
	}
	if c.n++; c.n > s.rate.N && p.box == "" {
		c.out, c.like = append(c.out, p.path), first
		return p, false
	}
	if len(c.out) > 0 {
		first[keyLeftOut] = len(c.out)
		p.counted, c.out = c.out, nil
	}
	return p, true
}

// rest returns records that count what was left out behind the last report of a signature.
func (s *sampler) rest() []parcel {
	var list []parcel
	for _, signature := range slices.Sorted(maps.Keys(s.counts)) {
		c := s.counts[signature]
		if len(c.out) == 0 {
			continue
		}
		m := map[string]any{
			"severity_text": "INFO", "severity_number": 9,
			"body":     fmt.Sprintf("%d more reports like: %s", len(c.out), c.like["body"]),
			keyLeftOut: len(c.out), keySignature: signature, "epitaph.kind": "count",
			keyUID: digest(strings.Join(c.out, "\n")),
		}
		for _, key := range []string{keyTime, "process.executable.name", "service.version", "host.name"} {
			if v, has := c.like[key]; has {
				m[key] = v
			}
		}
		list = append(list, parcel{records: []map[string]any{m}, counted: c.out})
	}
	return list
}

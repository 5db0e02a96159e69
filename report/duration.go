package report

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a time.Duration with the unit and the number of decimals that it
// is written with: "3.204 s", "1.8 ms". In JSON it is an object,
// {"value": 3.204, "unit": "s"}.
type Duration struct {
	time.Duration
	Unit     string // "s", "ms", "us" or "ns"; "" is "s"
	Decimals int
}

// String returns the text of a report, as "1.8 ms".
func (d Duration) String() string { return string(appendDuration(nil, d)) }

// unitSize returns a unit in nanoseconds and how many decimals that allows.
func unitSize(unit string) (ns time.Duration, decimals int) {
	switch unit {
	case "s", "":
		return time.Second, 9
	case "ms":
		return time.Millisecond, 6
	case "us":
		return time.Microsecond, 3
	case "ns":
		return time.Nanosecond, 0
	}
	return 0, 0
}

func parseDuration(s string) (Duration, bool) {
	value, unit, _ := strings.Cut(s, " ")
	size, digits := unitSize(unit)
	whole, fraction, _ := strings.Cut(value, ".")
	if size == 0 || len(fraction) > digits {
		return Duration{}, false
	}
	n, err := strconv.ParseUint(whole, 10, 63)
	if err != nil || n > uint64((1<<63-1)/size)-1 {
		return Duration{}, false
	}
	d := Duration{time.Duration(n) * size, unit, len(fraction)}
	if fraction != "" {
		f, err := strconv.ParseUint(fraction+"000000000"[:digits-len(fraction)], 10, 63)
		if err != nil {
			return Duration{}, false
		}
		d.Duration += time.Duration(f)
	}
	return d, true
}

func appendDuration(b []byte, d Duration) []byte {
	b = appendDecimal(b, d)
	b = append(b, ' ')
	if d.Unit == "" {
		return append(b, 's')
	}
	return append(b, d.Unit...)
}

func appendDecimal(b []byte, d Duration) []byte {
	size, digits := unitSize(d.Unit)
	if size == 0 {
		size = 1
	}
	value := d.Duration
	if value < 0 {
		b = append(b, '-')
		value = -value
	}
	b = strconv.AppendInt(b, int64(value/size), 10)
	if n := min(d.Decimals, digits); n > 0 {
		fraction := fmt.Sprintf("%0*d", digits, int64(value%size))
		b = append(append(b, '.'), fraction[:n]...)
	}
	return b
}

type jsonDuration struct {
	Value json.Number `json:"value"`
	Unit  string      `json:"unit"`
}

func (d Duration) MarshalJSON() ([]byte, error) {
	unit := d.Unit
	if unit == "" {
		unit = "s"
	}
	// json.Number keeps "3.200" as it is: a decimal, not a binary fraction.
	return json.Marshal(jsonDuration{json.Number(appendDecimal(nil, d)), unit})
}

func (d *Duration) UnmarshalJSON(b []byte) error {
	var j jsonDuration
	if err := json.Unmarshal(b, &j); err != nil {
		return fmt.Errorf("report: duration: %w", err)
	}
	v, ok := parseDuration(j.Value.String() + " " + j.Unit)
	if !ok {
		return fmt.Errorf("report: %s is not a duration", b)
	}
	*d = v
	return nil
}

package report_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/report"
)

func TestDurations(t *testing.T) {
	for text, want := range map[string]report.Duration{
		"0 s":                    {0, "s", 0},
		"3.204 s":                {3204 * time.Millisecond, "s", 3},
		"0.000000001 s":          {1, "s", 9},
		"9000000000 s":           {9000000000 * time.Second, "s", 0},
		"1.80 ms":                {1800 * time.Microsecond, "ms", 2},
		"12.5 us":                {12500, "us", 1},
		"7 ns":                   {7, "ns", 0},
		"100000000000000.250 us": {100000000000000250, "us", 3},
	} {
		r := parse(t, "Fatal Go error: X\nEnd of report (complete, 18 bytes, "+text+")\n")
		if r.End == nil {
			t.Errorf("%s: not understood", text)
			continue
		}
		d := r.End.Duration
		equal(t, text, d, want)
		equal(t, text+": String", d.String(), text)
		var again report.Duration
		b, err := json.Marshal(d)
		if err == nil {
			err = json.Unmarshal(b, &again)
		}
		if err != nil || again != d {
			t.Errorf("%s: %s gives %v, %v", text, b, again, err)
		}
	}
	for _, text := range []string{"", "s", "1", "1 h", "1. s", ".5 s", "-1 s", "1e3 s", "1.0 ns", "1.0000000000 s", "1.0000 us",
		"9300000000 s", "99999999999999999999 s", "1.x s", "1  s", "01 s"} {
		if r := parse(t, "Fatal Go error: X\nEnd of report (complete, 18 bytes, "+text+")\n"); r.End != nil {
			t.Errorf("%q was understood: %v", text, r.End.Duration)
		}
	}
	equal(t, "made by hand", report.Duration{Duration: -1500 * time.Millisecond, Decimals: 1}.String(), "-1.5 s")
	equal(t, "unknown unit", report.Duration{Duration: 5, Unit: "ticks"}.String(), "5 ticks")
}

func TestTimeouts(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0:00:00.500000":    500 * time.Millisecond,
		"0:00:01":           time.Second,
		"0:01:02.000003":    62*time.Second + 3*time.Microsecond,
		"100:59:59":         101*time.Hour - time.Second,
		"0:00:00":           0,
		"2000000:00:00":     2000000 * time.Hour,
		"0:00:10.000000":    -1,
		"0:00:1":            -1,
		"0:1:01":            -1,
		"0:00:60":           -1,
		"0:60:00":           -1,
		"-1:00:00":          -1,
		"00:00":             -1,
		"9999999999:00:00":  -1,
		"0:00:00.5":         -1,
		"0:00:00.500000001": -1,
	} {
		r, err := report.Parse([]byte("Timeout (" + text + ")!\n"))
		got := time.Duration(-1)
		if err == nil {
			got = r.Timeout
		}
		equal(t, text, got, want)
	}
}

func TestNamesOfKinds(t *testing.T) {
	equal(t, "names", fmt.Sprint(report.Crash, report.Timeout, report.Dump, report.Kind(77), report.SourceFrame, report.CreatedBy,
		report.Exact, report.Scan, report.OtherThread, report.BareStack),
		"crash timeout dump unknown(77) source created_by exact scan thread stack")
	th := sample(t, "timeout").Threads
	equal(t, "current", []bool{th[0].Current(), th[1].Current(), sample(t, "dump").Threads[0].Current()}, []bool{false, true, true})
}

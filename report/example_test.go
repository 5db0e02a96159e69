package report_test

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path"
	"strings"

	"github.com/epitaph-go/epitaph/report"
)

func ExampleParse() {
	text, err := os.ReadFile("testdata/segv.crash")
	if err != nil {
		log.Fatal(err)
	}
	r, err := report.Parse(text)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Headline, "in", r.Process.Name, "up", r.Process.Uptime)
	fmt.Println(r.Signal.Name, r.Signal.Cause)
	for _, f := range r.Current().Frames {
		if offset, ok := r.ModuleOffset(f); ok {
			fmt.Printf("  %s (%s+%#x)\n", f.Name(), r.Module(f.PC).Path, offset)
		} else {
			fmt.Printf("  %s at %s:%d\n", f.Name(), f.File, f.Line)
		}
	}
	fmt.Println("complete:", r.Complete(), "intact:", r.Intact())
	// Output:
	// Segmentation fault in ingest up 3.204 s
	// SIGSEGV write to 0x0000000000000008, in the first page: a NULL pointer + 8
	//   clamp at native/decoder.c:17
	//   decode_frame at native/decoder.c:42
	//   foo_run (/usr/lib/libfoo.so.1+0x1142)
	//   main.(*Decoder).Next at /srv/ingest/decode.go:88
	//   main.main at /srv/ingest/main.go:31
	// complete: true intact: true
}

// Reports among the other output of a program, the last one cut short.
func ExampleScanner() {
	log := `2026/11/21 19:40:00 starting
Fatal Go error: Aborted

Signal: SIGABRT (6), SI_TKILL (-6): sent by itself

End of report (complete, 77 bytes, 0.9 ms)
2026/11/21 19:40:01 restarted
Fatal Go error: Bus error

Signal: SIGBUS (7), BUS_ADR`

	s := report.NewScanner(strings.NewReader(log))
	for s.Scan() {
		r := s.Report()
		fmt.Printf("line %d: %s, truncated: %t\n", s.Line(), r.Headline, r.Truncated)
	}
	if err := s.Err(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// line 2: Aborted, truncated: false
	// line 8: Bus error, truncated: true
}

func ExampleReport_SignatureParts() {
	text, err := os.ReadFile("testdata/abort.crash")
	if err != nil {
		log.Fatal(err)
	}
	r, err := report.Parse(text)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Signature())
	fmt.Println(strings.Join(r.SignatureParts(), "\n"))
	// Output:
	// 1:46f5c40933087e01
	// SIGABRT
	// <not executable>
	// ns::Table::at
	// main.Map.func
	// main.(*T).m in a b
}

func ExampleReport_MarshalJSON() {
	r, err := report.Parse([]byte("Fatal error: Aborted\n\nSignal: SIGABRT (6), SI_TKILL (-6): sent by itself\n\n" +
		"End of report (complete, 74 bytes, 0.9 ms)\n"))
	if err != nil {
		log.Fatal(err)
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(b))
	// Output:
	// {
	//   "schema": "epitaph.report/1",
	//   "kind": "crash",
	//   "headline": "Aborted",
	//   "signal": {
	//     "name": "SIGABRT",
	//     "number": 6,
	//     "code_name": "SI_TKILL",
	//     "code": -6,
	//     "cause": "sent by itself"
	//   },
	//   "end": {
	//     "complete": true,
	//     "bytes": 74,
	//     "counted": 74,
	//     "duration": {
	//       "value": 0.9,
	//       "unit": "ms"
	//     }
	//   }
	// }
}

func ExampleUnescape() {
	r, err := report.Parse([]byte(`Stack (most recent call first):
  File "/srv/J\u00f6rg/caf\xe9.c", line 7 in f
`))
	if err != nil {
		log.Fatal(err)
	}
	file := r.Current().Frames[0].File
	fmt.Println(file)
	fmt.Printf("%q\n", report.Unescape(file))
	// Output:
	// /srv/Jörg/caf\xe9.c
	// "/srv/Jörg/caf\xe9.c"
}

func ExampleReport_Summary() {
	text, err := os.ReadFile("testdata/real-doublefree.crash")
	if err != nil {
		log.Fatal(err)
	}
	r, err := report.Parse(text)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Summary())
	for _, f := range r.Program()[:3] {
		fmt.Printf("%s:%d %s\n", path.Base(f.File), f.Line, f.Func)
	}
	// Output:
	// SIGABRT in free, called by crash_double_free (heap.c:27), called from main.goVisit (visit.go:13): double free or corruption (!prev)
	// heap.c:27 crash_double_free
	// places.c:28 demo_caller
	// places.c:33 demo_enter
}

func ExampleReport_WaitsFor() {
	text, err := os.ReadFile("testdata/real-deadlock.crash")
	if err != nil {
		log.Fatal(err)
	}
	r, err := report.Parse(text)
	if err != nil {
		log.Fatal(err)
	}
	for _, w := range r.WaitsFor() {
		fmt.Println(w.Count, w.For, "in", w.Frames[0].Func)
	}
	fmt.Println(strings.Join(r.SignatureParts(), " | "))
	// Output:
	// 1 sync.Mutex.Lock in main.transfer
	// 1 sync.Mutex.Lock in main.transfer
	// timeout | sync.Mutex.Lock in main.transfer
}

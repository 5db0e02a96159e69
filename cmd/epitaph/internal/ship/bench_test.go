package ship_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/epitaph-go/epitaph/cmd/epitaph/internal/ship"
)

// BenchmarkShip sends reports of 8 KB to a server on this machine that only reads them.
func BenchmarkShip(b *testing.B) {
	taken := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { io.Copy(io.Discard, req.Body) }))
	defer taken.Close()
	r := sample(b, "real-null")
	const n = 256
	for name, shipper := range map[string]ship.Shipper{"plain": {}, "scrub": {Scrub: true}, "protobuf": {Protobuf: true}} {
		b.Run(name, func(b *testing.B) {
			shipper.URL, shipper.Client = taken.URL, taken.Client()
			sent := 0
			for b.Loop() {
				b.StopTimer()
				shipper.Dir = b.TempDir()
				crashes(b, shipper.Dir, r, 0, n)
				b.StartTimer()
				result, err := shipper.Run(b.Context())
				if err != nil || result.Sent != n {
					b.Fatal(result, err)
				}
				sent += n
			}
			b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "reports/s")
		})
	}
}

package main

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/epitaph-go/epitaph/handler"

	"example.com/ingest/decode"
)

// maxFrame is the largest frame that is read, in bytes.
const maxFrame = 1 << 20

// metrics are what /metrics shows.
type metrics struct{ frames, refused, rows atomic.Int64 }

func newServer() http.Handler {
	m := new(metrics)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /frames", m.decode)
	mux.HandleFunc("GET /metrics", m.show)
	return mux
}

func (m *metrics) decode(w http.ResponseWriter, r *http.Request) {
	frame, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxFrame))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	m.frames.Add(1)
	handler.Breadcrumb(fmt.Sprintf("a frame of %d bytes from %s", len(frame), r.RemoteAddr))
	rows, err := decode.Frame(frame)
	if err != nil {
		m.refused.Add(1)
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	m.rows.Add(int64(rows))
	fmt.Fprintln(w, rows)
}

func (m *metrics) show(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(w, "ingest_frames_total %d\ningest_frames_refused_total %d\ningest_rows_total %d\n",
		m.frames.Load(), m.refused.Load(), m.rows.Load())
}

//go:build linux && amd64 && cgo

package bench_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

const (
	serviceClients = 4
	serviceRounds  = 25
	serviceTurn    = 500 * time.Millisecond // four of them are a round
)

// BenchmarkService has two HTTP services whose requests call C, one with Epitaph
// and one without, and asks them as fast as they answer: each client takes turns
// between the two from one request to the next, so that whatever else the machine
// does meets both. In a round each of them is once with Epitaph, and for as long
// both are without, which shows what differences mean nothing ("off/off").
//
// Ratios are above 1 where Epitaph costs something: medians over the rounds, and
// between what the true ratio is with a confidence of 95 %. cpu is the processor
// time of a request; what Epitaph does in the background falls on half as many
// requests as the service could answer alone. mean is how long one took, whose
// inverse is the throughput of so many clients; p99 the slowest percent.
func BenchmarkService(b *testing.B) {
	program.Path(b) // built before anything is measured
	var services [2]*service
	for i := range services {
		p := startProgram(b, "serve")
		services[i] = &service{p, "http://" + p.Line(), &http.Client{
			Transport: &http.Transport{MaxIdleConnsPerHost: serviceClients},
			Timeout:   10 * time.Second,
		}}
	}
	ratios := make(map[string][]float64)
	compare := func(name string, with, without turn) {
		note := func(what string, of func(turn) float64) {
			key := name + "-" + what
			ratios[key] = append(ratios[key], of(with)/of(without))
		}
		note("cpu", turn.perRequest)
		note("mean", turn.mean)
		note("p99", turn.p99)
	}
	var on turn
	for b.Loop() {
		takeTurns(b, services) // connections, heaps, caches
		for range serviceRounds {
			var off [2]turn
			with, without := turn{}, turn{}
			for i, s := range services {
				turns := takeTurns(b, services)
				off[0], off[1] = off[0].and(turns[i]), off[1].and(turns[1-i])
				s.get(b, "/on")
				turns = takeTurns(b, services)
				with, without = with.and(turns[i]), without.and(turns[1-i])
				s.get(b, "/off")
			}
			compare("off/off", off[0], off[1])
			compare("on/off", with, without)
			on = with
		}
	}
	b.ReportMetric(0, "ns/op") // of no meaning here
	b.ReportMetric(float64(len(on.answers))/2/serviceTurn.Seconds(), "on-requests/s")
	b.ReportMetric(on.perRequest()/1e3, "on-cpu-us")
	b.ReportMetric(on.mean()/1e3, "on-mean-us")
	b.ReportMetric(on.p99()/1e3, "on-p99-us")
	for name, values := range ratios {
		intervalOf(values).report(b, name)
	}
}

// A turn is how long each answer took, and what all of them took of processors,
// in nanoseconds.
type turn struct {
	answers []int64
	used    time.Duration
}

func (t turn) and(other turn) turn {
	return turn{slices.Concat(t.answers, other.answers), t.used + other.used}
}

func (t turn) perRequest() float64 { return float64(t.used) / float64(len(t.answers)) }

func (t turn) mean() float64 {
	sum := int64(0)
	for _, ns := range t.answers {
		sum += ns
	}
	return float64(sum) / float64(len(t.answers))
}

func (t turn) p99() float64 {
	sorted := slices.Sorted(slices.Values(t.answers))
	return float64(sorted[(len(sorted)-1)*99/100])
}

// takeTurns asks both services: one first, then the other first.
func takeTurns(b *testing.B, services [2]*service) (turns [2]turn) {
	b.Helper()
	var answers [serviceClients][2][]int64
	var errs [serviceClients]error
	var clients sync.WaitGroup
	for i, s := range services {
		turns[i].used = -s.program.ProcessorTime()
	}
	end := time.Now().Add(serviceTurn)
	for c := range serviceClients {
		clients.Go(func() {
			for n := c; errs[c] == nil && time.Now().Before(end); n++ {
				for _, i := range [2]int{n & 1, ^n & 1} {
					began := time.Now()
					errs[c] = errors.Join(errs[c], services[i].fetch("/work"))
					answers[c][i] = append(answers[c][i], time.Since(began).Nanoseconds())
				}
			}
		})
	}
	clients.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		b.Fatal(err)
	}
	for i, s := range services {
		turns[i].used += s.program.ProcessorTime()
		for _, a := range answers {
			turns[i].answers = append(turns[i].answers, a[i]...)
		}
	}
	return turns
}

type service struct {
	program *victim.Child
	base    string
	client  *http.Client
}

func (s *service) get(b *testing.B, path string) {
	b.Helper()
	if err := s.fetch(path); err != nil {
		b.Fatal(err)
	}
}

func (s *service) fetch(path string) error {
	response, err := s.client.Get(s.base + path)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, response.Status, body)
	}
	return err
}

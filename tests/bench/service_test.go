//go:build linux && amd64 && cgo

package bench_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/epitaph-go/epitaph/internal/victim"
)

const (
	serviceClients = 4
	serviceRounds  = 6
	serviceTurn    = time.Second // so that a snapshot falls into each
	serviceLimit   = time.Minute // then the service is killed
)

// BenchmarkService has an HTTP service whose requests call C, and asks it as
// fast as it answers: off, on, on, off, so that a machine that gets slower or
// faster meanwhile favours neither. Ratios are medians over the rounds, above 1
// where Epitaph costs something; off/off compares the two turns without it, and
// shows which differences mean nothing.
func BenchmarkService(b *testing.B) {
	base := startService(b)
	client := &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: serviceClients},
		Timeout:   10 * time.Second,
	}
	ratios := make(map[string][]float64)
	note := func(name string, ratio float64) { ratios[name] = append(ratios[name], ratio) }
	var rate, p99 float64
	for b.Loop() {
		load(b, client, base, serviceTurn/4) // connections, heaps, caches
		for range serviceRounds {
			first := load(b, client, base, serviceTurn)
			get(b, client, base+"/on")
			on := append(load(b, client, base, serviceTurn), load(b, client, base, serviceTurn)...)
			get(b, client, base+"/off")
			last := load(b, client, base, serviceTurn)
			off := slices.Concat(first, last)

			note("off/on-throughput", float64(len(off))/float64(len(on)))
			note("on/off-p99", percentile(on, 99)/percentile(off, 99))
			note("off/off-throughput", float64(len(first))/float64(len(last)))
			note("off/off-p99", percentile(first, 99)/percentile(last, 99))
			rate, p99 = float64(len(on))/2/serviceTurn.Seconds(), percentile(on, 99)
		}
	}
	b.ReportMetric(0, "ns/op") // of no meaning here
	b.ReportMetric(rate, "on-requests/s")
	b.ReportMetric(p99/1e3, "on-p99-us")
	for name, values := range ratios {
		slices.Sort(values)
		b.ReportMetric(values[len(values)/2], name)
	}
}

// startService returns the address of a service that ends with the benchmark.
func startService(b *testing.B) (base string) {
	c := program.Start(b, "serve", victim.Talk, victim.Stderr(os.Stderr), victim.Limit(serviceLimit))
	b.Cleanup(func() {
		c.In.Close() // which ends it
		_, _ = c.End()
	})
	address, err := c.Out.ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return "http://" + strings.TrimSpace(address)
}

// load asks for the given time and returns how long each answer took, in
// nanoseconds.
func load(b *testing.B, client *http.Client, base string, during time.Duration) []int64 {
	b.Helper()
	var all [serviceClients][]int64
	var errs [serviceClients]error
	var clients sync.WaitGroup
	end := time.Now().Add(during)
	for i := range serviceClients {
		clients.Go(func() {
			for began := time.Now(); errs[i] == nil && began.Before(end); {
				errs[i] = fetch(client, base+"/work")
				now := time.Now()
				all[i] = append(all[i], now.Sub(began).Nanoseconds())
				began = now
			}
		})
	}
	clients.Wait()
	for _, err := range errs {
		if err != nil {
			b.Fatal(err)
		}
	}
	return slices.Concat(all[:]...)
}

func get(b *testing.B, client *http.Client, url string) {
	b.Helper()
	if err := fetch(client, url); err != nil {
		b.Fatal(err)
	}
}

func fetch(client *http.Client, url string) error {
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", url, response.Status, body)
	}
	return err
}

func percentile(values []int64, p int) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return float64(sorted[(len(sorted)-1)*p/100])
}

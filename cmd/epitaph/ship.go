package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/epitaph-go/epitaph/cmd/epitaph/internal/ship"
	"github.com/epitaph-go/epitaph/internal/cli"
)

var shipCommand = cli.Command{
	Name: "ship", Args: "DIR",
	Short: "send the reports of a directory to a server of logs, each once",
	Help: `Sends the reports in DIR (*.crash) and what black boxes there say of programs that
were killed, as log records by OTLP/HTTP. A report that the server has taken is
renamed to NAME.sent; a black box gets NAME.sent beside it. While the server does
not answer, or says that it is busy, ship waits and tries again.

Everything that a report holds leaves the machine: the host's name, paths, messages,
annotations, breadcrumbs. With -scrub addresses and the beginnings of paths do not.
`,
	Notes: `Headers, as those of an authorization, are also taken from the environment variable
OTEL_EXPORTER_OTLP_HEADERS (NAME=VALUE,...), which other users do not see.

  epitaph ship -to http://localhost:4318 -sample 1/min -watch 10s /var/crash

If ship is killed between the server's answer and the renaming, the reports of that
request, 64 at most, are sent again; log.record.uid is the same both times.

The exit status is 1 if the server could not be reached or has refused a report.`,
	Setup: setUpShip,
}

// settle is three times the default deadline of a report.
const settle = 15 * time.Second

func setUpShip(flags *flag.FlagSet) cli.Action {
	s := &ship.Shipper{
		Client: &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Header: http.Header{}, Settle: settle, Backoff: 500 * time.Millisecond, MaxBackoff: time.Minute,
	}
	to := flags.String("to", "", "the server's `URL`; /v1/logs is added if it has no path")
	watch := flags.Duration("watch", 0, "look again every `TIME`, until SIGTERM or SIGINT; without it ship ends when all is sent")
	flags.BoolVar(&s.Protobuf, "protobuf", false, "send protocol buffers; some servers take no JSON")
	flags.BoolVar(&s.Scrub, "scrub", false, "replace addresses, by one word for each, and all but the last two elements of paths")
	flags.Var(&s.Sample, "sample", "send at most this `RATE` of reports of one signature, as 1/min, and how many were left out")
	flags.DurationVar(&s.MaxAge, "max-age", 0, "leave reports that are older than this `TIME` where they are")
	flags.DurationVar(&s.Patience, "patience", 5*time.Minute, "give up when the server has not answered for this `TIME`; 0 is never, and the default with -watch")
	flags.Var(headers(s.Header), "header", "add `NAME: VALUE` to each request. May be given several times")
	return func(env *cli.Env, args []string) error {
		if len(args) != 1 {
			return cli.Usage("%d directories, want one", len(args))
		}
		var err error
		if s.URL, err = endpoint(*to); err != nil {
			return err
		}
		if err := headersFrom(s.Header, env.Getenv("OTEL_EXPORTER_OTLP_HEADERS")); err != nil {
			return err
		}
		s.Dir = args[0]
		s.Warn = func(line string) { fmt.Fprintln(env.Err, "epitaph: "+line) }
		if *watch > 0 && !isSet(flags, "patience") {
			s.Patience = 0
		}
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		return shipUntil(ctx, env, s, *watch)
	}
}

// shipUntil looks once, or until the context ends, which is no error then.
func shipUntil(ctx context.Context, env *cli.Env, s *ship.Shipper, watch time.Duration) error {
	for {
		result, err := s.Run(ctx)
		if line := describe(result); line != "" && (watch == 0 || result.Sent+result.LeftOut+result.Failed > 0) {
			fmt.Fprintln(env.Out, line)
		}
		if watch == 0 {
			if err == nil && result.Failed > 0 {
				return cli.Status(exitFailure)
			}
			return err
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			fmt.Fprintf(env.Err, "epitaph: %v\n", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(watch):
		}
	}
}

// describe says what has become of the files, without what there was none of.
func describe(r ship.Result) string {
	parts := []string{fmt.Sprintf("%d sent", r.Sent)}
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(r.LeftOut, "left out by -sample")
	add(r.Old, "too old")
	add(r.Writing, "still being written")
	add(r.Failed, "failed")
	return strings.Join(parts, ", ")
}

// endpoint is where records are posted to.
func endpoint(to string) (string, error) {
	if to == "" {
		return "", cli.Usage("no server: want -to URL")
	}
	u, err := url.Parse(to)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", cli.Usage("-to %s: want http://HOST[:PORT][/PATH] or https://…", to)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/logs"
	}
	return u.String(), nil
}

// headers is a flag that may be given several times.
type headers http.Header

func (h headers) String() string { return "" }

func (h headers) Set(s string) error {
	name, value, ok := strings.Cut(s, ":")
	if !ok || strings.TrimSpace(name) == "" {
		return errors.New("want NAME: VALUE")
	}
	http.Header(h).Add(strings.TrimSpace(name), strings.TrimSpace(value))
	return nil
}

// headersFrom reads the form that OpenTelemetry's exporters have: names and values with
// %-escapes.
func headersFrom(h http.Header, list string) error {
	for pair := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if name = strings.TrimSpace(name); !ok || name == "" || err != nil {
			return errors.New("OTEL_EXPORTER_OTLP_HEADERS: want NAME=VALUE, with commas between several") // the text may be a secret
		}
		h.Set(name, value)
	}
	return nil
}

func isSet(flags *flag.FlagSet, name string) (set bool) {
	flags.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

package crashtest

import (
	"time"

	"github.com/epitaph-go/epitaph/handler"
)

// DefaultTimeout is for how long a new process may run, unless [WithTimeout] says
// otherwise.
const DefaultTimeout = 10 * time.Second

// An Option changes how [Run], [Command] and [Corpus] run a process.
type Option func(*config)

type config struct {
	timeout time.Duration
	env     []string
	handler []handler.Option
	core    bool
	bare    bool   // without Epitaph
	known   string // file of known signatures
}

func newConfig(opts []Option) *config {
	c := &config{timeout: DefaultTimeout}
	for _, opt := range opts {
		opt(c)
	}
	return c
}

// WithTimeout sets for how long the process may run; then it has hung. Near the time
// limit of go test it is less.
func WithTimeout(d time.Duration) Option { return func(c *config) { c.timeout = d } }

// WithEnv adds variables to the environment, as NAME=VALUE.
func WithEnv(vars ...string) Option {
	return func(c *config) { c.env = append(c.env, vars...) }
}

// WithHandler passes options to [handler.Enable] in the new process of [Run]. They come
// after crashtest's own: with WithOutput or WithDir there is no Result.Report, and with
// WithOnCrash no coverage of a process that crashes. [Command] ignores it.
func WithHandler(opts ...handler.Option) Option {
	return func(c *config) { c.handler = append(c.handler, opts...) }
}

// WithCore lets the kernel write a core dump, as far as the system's limits allow.
func WithCore() Option { return func(c *config) { c.core = true } }

// WithoutReport runs the function of [Run] without Epitaph: there is no report, and
// no stack of C to compare. It works where Epitaph does not.
func WithoutReport() Option { return func(c *config) { c.bare = true } }

// WithKnown names a file of signatures that [Corpus] accepts: one per line, the rest of
// the line and lines that begin with # are comments. Without the file none is accepted.
func WithKnown(file string) Option { return func(c *config) { c.known = file } }

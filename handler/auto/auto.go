package auto

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/epitaph-go/epitaph/handler"
	_ "github.com/epitaph-go/epitaph/handler/interpose" // for an executable
)

const variable = "EPITAPH"

// It has to be an init function: there is no other moment at which an import
// alone can do anything.
func init() {
	value := os.Getenv(variable)
	if value == "" || secure() {
		return
	}
	if err := enable(value); err != nil {
		what := "; crash reports are off"
		switch {
		case handler.Enabled() && errors.Is(err, handler.ErrNoNative): // as far as it can be
			what = ""
		case handler.Enabled():
			what = "; there are reports without that"
		}
		// Who speaks is said already.
		text := strings.ReplaceAll(strings.ReplaceAll(err.Error(), "epitaph: ", ""), "\n", "; ")
		fmt.Fprintf(os.Stderr, "epitaph: %s: %s%s\n", variable, text, what)
	}
}

func enable(value string) error {
	settings, err := parse(value)
	if err != nil || settings == nil {
		return err
	}
	var files files
	defer files.close() // Enable keeps duplicates
	// Go takes one provider of C frames in the life of a process, and a program that knows
	// nothing of Epitaph may set its own at any time.
	opts := []handler.Option{handler.WithCgoTraceback(false)}
	var refused error            // a file that cannot be had: reports go to standard error then
	var ofCalls []handler.Option // where dumps go
	for _, s := range settings {
		if s.key.call != nil {
			continue
		}
		opt, err := s.key.option(s.value, &files)
		if errors.As(err, new(*os.PathError)) || errors.As(err, new(syscall.Errno)) {
			refused = fmt.Errorf("%s: %w", s, err)
		} else if err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
		if opt != nil {
			opts = append(opts, opt)
			if s.key.name == "output" {
				ofCalls = append(ofCalls, opt)
			}
		}
	}
	err = errors.Join(refused, handler.Enable(opts...))
	for _, s := range settings {
		if s.key.call == nil {
			continue
		}
		if failed := s.key.call(s.value, ofCalls...); failed != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", s, failed))
		}
	}
	return err
}

// files are those that options have opened.
type files []*os.File

func (f files) close() {
	for _, file := range f {
		file.Close()
	}
}

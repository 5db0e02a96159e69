package auto

import (
	"errors"
	"fmt"
	"os"
	"strings"

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
		what := "; there will be no reports"
		switch {
		case handler.Enabled() && errors.Is(err, handler.ErrNoNative): // as far as it can be
			what = ""
		case handler.Enabled():
			what = "; there are reports without that"
		}
		// Who speaks is said already.
		fmt.Fprintf(os.Stderr, "epitaph: %s: %s%s\n", variable, strings.TrimPrefix(err.Error(), "epitaph: "), what)
	}
}

func enable(value string) error {
	settings, err := parse(value)
	if err != nil || settings == nil {
		return err
	}
	var files files
	defer files.close() // Enable keeps duplicates
	var opts []handler.Option
	for _, s := range settings {
		opt, err := s.key.option(s.value, &files)
		if err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
		if opt != nil {
			opts = append(opts, opt)
		}
	}
	if err := handler.Enable(opts...); err != nil {
		return err
	}
	return nil
}

// files are those that options have opened.
type files []*os.File

func (f files) close() {
	for _, file := range f {
		file.Close()
	}
}

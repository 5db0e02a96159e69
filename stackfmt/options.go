package stackfmt

import (
	"io/fs"
)

// Option changes how a function of this package takes or prints a stack. Most
// options mean what the keyword argument of the same name means in Python, with
// the same default.
//
// A function that only takes a stack has parameters of type [TakeOption], one that
// only prints has [PrintOption]: an option that it has no use for does not compile.
// What does both, such as [FormatError], takes any Option.
type Option interface{ apply(c *config) }

// TakeOption is an option of the functions that take a stack or make a [Traceback].
type TakeOption interface {
	Option
	takes()
}

// PrintOption is an option of the functions that print one.
type PrintOption interface {
	Option
	prints()
}

// LimitOption is an option of both: frames can be left out when a stack is taken
// and when it is printed.
type LimitOption interface {
	TakeOption
	PrintOption
}

type (
	takeOption  func(*config)
	printOption func(*config)
	limitOption func(*config)
)

func (o takeOption) apply(c *config)  { o(c) }
func (takeOption) takes()             {}
func (o printOption) apply(c *config) { o(c) }
func (printOption) prints()           {}
func (o limitOption) apply(c *config) { o(c) }
func (limitOption) takes()            {}
func (limitOption) prints()           {}

// Style is a layout of stacks and tracebacks.
type Style int

const (
	// StylePython is the layout of Python's traceback module, most recent call
	// last. It is the default.
	StylePython Style = iota
	// StyleGo is the layout of runtime/debug.PrintStack, most recent call
	// first, which tools for Go's own output can parse.
	StyleGo
)

// ColorMode says when output is coloured.
type ColorMode int

const (
	// ColorAuto colours output to a terminal: the environment decides in the
	// order NO_COLOR, FORCE_COLOR, TERM=dumb, then whether the *os.File is a
	// terminal. Text that is returned, not written, has no colour.
	ColorAuto ColorMode = iota
	// ColorNever prints plain text.
	ColorNever
	// ColorAlways colours whatever the output is.
	ColorAlways
)

// FrameHook is called for each frame that is about to be printed and returns
// the frame to print in its place, or false to leave it out. A frame that is
// left out neither ends nor extends a run of repeated lines. It answers to
// overriding StackSummary.format_frame_summary in Python. It is called from the
// goroutine that formats.
type FrameHook func(Frame) (Frame, bool)

// config is what the options add up to. One is made per call.
type config struct {
	// What is taken.
	limit         int
	limitSet      bool
	first, last   int // -1: not set
	skip          int
	compact       bool
	allWrappers   bool
	captureLocals func(Frame) map[string]string
	scratch       *scratch

	// What is shown.
	style           Style
	color           ColorMode
	theme           *Theme
	controls        ControlMode
	chain           bool
	showGroup       bool
	maxGroupWidth   int
	maxGroupDepth   int
	carets          bool
	lookup          bool
	recursionPeriod int
	elideShared     bool
	earlierPanics   []any
	hidden          []string
	hook            FrameHook
	source          *Source
	rewrites        []pathRewrite
	goroutine       int // shown by StyleGo
}

type pathRewrite struct{ from, to string }

// defaultGroupWidth and defaultGroupDepth are Python's.
const (
	defaultGroupWidth = 15
	defaultGroupDepth = 10
	maxPeriod         = 8
)

func newConfig[O Option](opts []O) config {
	c := config{
		first: -1, last: -1,
		compact:         true,
		chain:           true,
		maxGroupWidth:   defaultGroupWidth,
		maxGroupDepth:   defaultGroupDepth,
		carets:          true,
		lookup:          true,
		recursionPeriod: 1,
	}
	for _, o := range opts {
		if any(o) != nil {
			o.apply(&c)
		}
	}
	return c
}

// WithLimit is Python's limit: a positive n keeps the first n frames in the
// order in which they are walked, a negative n the last |n|, 0 none. A
// traceback is walked from the oldest call, so a positive limit keeps the
// callers; the current stack is walked from the most recent call, so there it
// keeps the callees. [WithFirstFrames] and [WithLastFrames] say what they keep.
func WithLimit(n int) LimitOption {
	return limitOption(func(c *config) { c.limit, c.limitSet = n, true })
}

// WithFirstFrames keeps the n frames that are printed first by [StylePython], the
// oldest calls. Together with [WithLastFrames] both ends are kept and what lies
// between is printed as the number of frames left out. A negative n is 0.
func WithFirstFrames(n int) LimitOption { return limitOption(func(c *config) { c.first = max(n, 0) }) }

// WithLastFrames keeps the n most recent calls, those nearest to the error. A
// negative n is 0.
func WithLastFrames(n int) LimitOption { return limitOption(func(c *config) { c.last = max(n, 0) }) }

// WithSkip leaves out the n most recent calls when the current stack is taken:
// 0 starts at the caller of the function that takes it. A negative n is 0. It has no
// effect on the stack of an error or a panic.
func WithSkip(n int) TakeOption { return takeOption(func(c *config) { c.skip = max(n, 0) }) }

// WithCompact is Python's compact, on by default as in Python's module functions.
// Off, the Traceback of a panic keeps its Context also where it has a Cause, and
// so will not print it.
func WithCompact(on bool) TakeOption { return takeOption(func(c *config) { c.compact = on }) }

// WithAllWrappers shows each wrapper in a chain of errors as a block of its own.
// By default wrappers that carry no stack are part of the block of an error that
// does, since its message repeats theirs; see [FromError].
func WithAllWrappers() TakeOption { return takeOption(func(c *config) { c.allWrappers = true }) }

// WithEarlierPanics gives [FromPanic] the values of the panics during whose handling
// the one that it is called for arose, the last of them first, where the caller knows
// them: nil is one that is not known. Each becomes a Context.
func WithEarlierPanics(values ...any) TakeOption {
	return takeOption(func(c *config) { c.earlierPanics = values })
}

// WithLocals is Python's capture_locals. Go keeps no names of local variables,
// so f supplies them: it is called with each frame that is taken and returns
// what to print below it.
func WithLocals(f func(Frame) map[string]string) TakeOption {
	return takeOption(func(c *config) { c.captureLocals = f })
}

// WithStyle sets the layout, [StylePython] by default.
func WithStyle(s Style) PrintOption { return printOption(func(c *config) { c.style = s }) }

// WithColor says when to colour, [ColorAuto] by default.
func WithColor(m ColorMode) PrintOption { return printOption(func(c *config) { c.color = m }) }

// WithTheme sets the colours, [DefaultTheme] by default. It does not say when to
// colour: [WithColor] does.
func WithTheme(t Theme) PrintOption { return printOption(func(c *config) { c.theme = &t }) }

// WithControls says what becomes of control characters in the text of errors,
// names and source lines, [ControlAuto] by default.
func WithControls(m ControlMode) PrintOption {
	return printOption(func(c *config) { c.controls = m })
}

// WithCauses is Python's chain: false prints an error without its causes and
// contexts.
func WithCauses(on bool) PrintOption { return printOption(func(c *config) { c.chain = on }) }

// WithShowGroup is Python's show_group: the members of groups are listed too
// where only messages are printed: by [FormatErrorOnly] up to [WithMaxGroupWidth] and
// [WithMaxGroupDepth], by [Traceback.FormatErrorOnly] without a limit, as by Python.
func WithShowGroup(on bool) PrintOption { return printOption(func(c *config) { c.showGroup = on }) }

// WithMaxGroupWidth is Python's max_group_width, the number of members of a
// group that are shown, 15 by default. A negative n restores the default.
func WithMaxGroupWidth(n int) PrintOption {
	return printOption(func(c *config) {
		if c.maxGroupWidth = n; n < 0 {
			c.maxGroupWidth = defaultGroupWidth
		}
	})
}

// WithMaxGroupDepth is Python's max_group_depth, the number of groups within
// groups that are shown, 10 by default. A negative n restores the default.
func WithMaxGroupDepth(n int) PrintOption {
	return printOption(func(c *config) {
		if c.maxGroupDepth = n; n < 0 {
			c.maxGroupDepth = defaultGroupDepth
		}
	})
}

// WithCarets says whether the part of a source line that ran is underlined. It
// is on by default.
func WithCarets(on bool) PrintOption { return printOption(func(c *config) { c.carets = on }) }

// WithLookupLines is Python's lookup_lines: false prints only the source lines
// that frames hold already and reads no file.
func WithLookupLines(on bool) PrintOption { return printOption(func(c *config) { c.lookup = on }) }

// WithSource reads source lines from s in place of [DefaultSource].
func WithSource(s *Source) PrintOption { return printOption(func(c *config) { c.source = s }) }

// WithSourceFS reads source lines from fsys, such as an embed.FS. It is short
// for WithSource(NewSource(WithFS(fsys))), except that the lines are read
// again by each call: make a [Source] to keep them.
func WithSourceFS(fsys fs.FS) PrintOption {
	return printOption(func(c *config) { c.source = NewSource(WithFS(fsys)) })
}

// WithPathRewrite reads the source of a file whose name starts with from as if
// its name started with to instead: for binaries built with -trimpath, in a
// container or on another machine. The first rewrite that fits counts. The name
// that is printed stays what it is.
func WithPathRewrite(from, to string) PrintOption {
	return printOption(func(c *config) { c.rewrites = append(c.rewrites, pathRewrite{from, to}) })
}

// WithRecursion sets the longest cycle of calls that is collapsed: 1, the
// default, collapses a function that calls itself, as Python does, 2 also two
// that call each other, up to 8. 0 collapses nothing; other values are taken as
// the nearest of 0 to 8.
func WithRecursion(period int) PrintOption {
	return printOption(func(c *config) { c.recursionPeriod = min(max(period, 0), maxPeriod) })
}

// WithElideShared leaves out the oldest calls of a stack that the error before
// it in the chain, or in the group, was printed with already, and prints how many they are.
func WithElideShared() PrintOption { return printOption(func(c *config) { c.elideShared = true }) }

// WithHidden leaves out frames of the functions whose names start with one of
// the prefixes, for example "runtime." or "net/http.".
func WithHidden(prefixes ...string) PrintOption {
	return printOption(func(c *config) { c.hidden = append(c.hidden, prefixes...) })
}

// WithFrameHook calls hook for each frame that is printed; see [FrameHook].
// Several hooks are called in the order in which they were given.
func WithFrameHook(hook FrameHook) PrintOption {
	return printOption(func(c *config) {
		prev := c.hook
		if prev == nil || hook == nil {
			if hook != nil {
				c.hook = hook
			}
			return
		}
		c.hook = func(f Frame) (Frame, bool) {
			f, ok := prev(f)
			if !ok {
				return f, false
			}
			return hook(f)
		}
	})
}

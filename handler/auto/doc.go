// Package auto enables Epitaph by an environment variable. It is imported for
// that alone:
//
//	import _ "github.com/epitaph-go/epitaph/handler/auto"
//
// It has no API. Its counterpart in Python is PYTHONFAULTHANDLER.
//
// Without EPITAPH in the environment, and when it is empty, 0, false, no or off, nothing at
// all happens. EPITAPH=1 (or true, yes, on) calls [handler.Enable] with its defaults. Instead of 1, or
// after it, there may be options, separated by commas, with blanks behind them or not: those of package
// handler, in lower case and without "With":
//
//	EPITAPH=1
//	EPITAPH=dir=/var/crash
//	EPITAPH=1,dir=/var/crash,deadline=2s,chain=1
//	EPITAPH=1,register=USR1,later=30s
//
//	blackbox=PATH      handler.WithBlackBox
//	cgocontext=BOOL    handler.WithCgoContext
//	cgotraceback=BOOL  handler.WithCgoTraceback; off unless asked for
//	chain=BOOL         handler.WithChain
//	deadline=DURATION  handler.WithDeadline
//	debugdirs=PATH     handler.WithDebugDirs, with one
//	dir=PATH           handler.WithDir
//	format=FORMAT      handler.WithFormat: text or json
//	goframesonly=BOOL  handler.WithGoFramesOnly
//	hostfirst=BOOL     handler.WithHostFirst
//	idlethreads=BOOL   handler.WithIdleThreads
//	later=DURATION     handler.DumpLater: one dump when this time has passed
//	maxframes=N        handler.WithMaxFrames
//	maxreports=N       handler.WithMaxReports
//	maxthreads=N       handler.WithMaxThreads
//	nofork=BOOL        handler.WithNoFork
//	nostandarderror=BOOL  handler.WithNoStandardError
//	onethread=BOOL     handler.WithOneThread
//	output=PATH        handler.WithOutput: appended to, made with mode 0600 if it is not there
//	poll=DURATION      handler.WithPoll
//	register=SIGNAL    handler.Register: register=USR1 dumps at each SIGUSR1
//	snapshot=DURATION  handler.WithSnapshot
//	symbolbudget=N     handler.WithSymbolBudget
//	symbolcache=PATH   handler.WithSymbolCache
//	takeover=BOOL      handler.WithTakeover
//	termination=PATH   handler.WithTermination; 1 for the usual path, 0 for none
//	threadsignal=N     handler.WithThreadSignal
//
// These work too, and are deprecated, as the options are:
//
//	allthreads=BOOL    handler.WithAllThreads: onethread, the other way round
//	nativestack=BOOL   handler.WithNativeStack: goframesonly, the other way round
//	paniccopy=BOOL     handler.WithPanicCopy: nofork, the other way round
//
// The dumps of later and register go to the file of output as well, else to standard error.
//
// A DURATION is one of [time.ParseDuration], such as 2s or 500ms, a BOOL one of
// [strconv.ParseBool], such as 1 or false. In a value, a backslash before a comma
// or a backslash takes its meaning away: dir=/srv/a\,b.
//
// For a value that is not valid, and in a program in which Epitaph cannot work (one that
// was built without cgo: see [handler.ErrNoNative]), one line is written to standard
// error:
//
//	epitaph: EPITAPH: deadline=2: not a duration such as 5s or 500ms; crash reports are off
//
// and the program starts as if the variable were not set. Where the file of output or the
// directory of dir cannot be used, there are reports all the same, on standard error, and
// the line says so. Without cgo, but with dir or
// output, Enable does what pure Go can, and the line ends before the semicolon. What
// the program itself does with package handler later replaces the options.
//
// Processes that run with more rights than their user has (set-uid, set-gid,
// file capabilities: AT_SECURE of getauxval(3)) ignore the variable, since it
// names files.
//
// The package works in its init function: before main, but after C constructors.
// A C library that installs handlers later has its turn after the report, as one that came
// earlier has; package handler/interpose, which is imported here, sees to that. See
// [handler.Taken] for what it does not see.
package auto

# What gdb sees of a crash, one fact a line. For gdb -batch -x; $core says whether a core file was opened, otherwise the
# program is run, and looked at whenever a signal stops it: the last time is when the kernel ends it.
import gdb

# Frames that are on no stack: gdb makes them up from debug information, for inlined calls and for tail calls.
MADE_UP = (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME)

# gdb cannot cross from C to the Go that called it (the stack changes), and may walk in circles there.
BORDER = ("runtime.asmcgocall", "runtime.asmcgocall.abi0")
MOST = 20000


def physical_frames():
    frame = gdb.newest_frame()
    for _ in range(MOST):
        if frame is None:
            return
        if frame.type() not in MADE_UP:
            name = frame.name()
            if name in BORDER:
                return
            yield frame.pc(), name or "?"
        try:
            frame = frame.older()
        except gdb.error:
            return


def look():
    thread = gdb.selected_thread()
    print("stop")
    print("thread %d %d" % (thread.num, thread.ptid[1]))
    for field in ("si_signo", "si_code"):
        print("%s %d" % (field, int(gdb.parse_and_eval("$_siginfo." + field))))
    for pc, name in physical_frames():
        print("frame %#x %s" % (pc, name))


def alive():
    thread = gdb.selected_thread()
    return thread is not None and thread.is_valid()


gdb.execute("set pagination off")
gdb.execute("set confirm off")
if gdb.convenience_variable("core"):
    look()
else:
    gdb.execute("handle all nostop noprint pass", to_string=True)
    # SIGTRAP is left as it is: gdb takes it for its own.
    gdb.execute("handle SIGSEGV SIGBUS SIGFPE SIGILL SIGABRT SIGSYS stop print pass", to_string=True)
    gdb.execute("run")
    try:
        for _ in range(100):
            if not alive():
                break
            look()
            gdb.execute("continue")
    except gdb.error as gone:  # when it notices the end while it still asks for registers
        print("end: %s" % gone)

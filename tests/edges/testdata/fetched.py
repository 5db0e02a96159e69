# The functions between a fault and the write of its report's first line, by single steps, each
# with whether it stands in one of the sections that are fetched.
import gdb

gdb.execute("set pagination off")
for signal in ("SIGSEGV", "SIGURG", "SIG63"):
    gdb.execute("handle %s nostop noprint pass" % signal)


def address(symbol):
    return int(gdb.parse_and_eval("(unsigned long)&" + symbol))


gdb.execute("break epi_handler")
gdb.execute("run")
gdb.execute("set scheduler-locking on")
sections = [(address("__start_" + s), address("__stop_" + s)) for s in ("epi_on_fault", "epi_on_crash")]
WRITE, MOST = 1, 20000
seen = set()
for step in range(MOST):
    pc = int(gdb.parse_and_eval("(unsigned long)$pc"))
    name = gdb.selected_frame().name()
    if name not in seen:
        seen.add(name)
        print("function %s %s" % (name, any(a <= pc < b for a, b in sections)))
    code = gdb.selected_inferior().read_memory(pc, 2).tobytes()
    if code == b"\x0f\x05" and int(gdb.parse_and_eval("$rax")) == WRITE:
        print("written after %d instructions" % step)
        break
    gdb.execute("stepi", to_string=True)
gdb.execute("kill")

// CPython with its own faulthandler enabled. ctypes calls the crash back, on this thread or on one
// that Python made.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "host.h"

#include <stdbool.h>
#include <stdio.h>

static bool run(const char *source)
{
    PyGILState_STATE state = PyGILState_Ensure();
    bool fine = PyRun_SimpleString(source) == 0;
    PyGILState_Release(state);
    return fine;
}

const char *host_start(const char *path)
{
    (void)path;
    Py_InitializeEx(0); // Python installs no handlers of its own
    PyEval_SaveThread();
    return run("import faulthandler; faulthandler.enable()") ? NULL : "faulthandler cannot be enabled";
}

long host_work(void)
{
    return run("import json, threading\n"
               "def work():\n"
               "    for _ in range(50): json.loads(json.dumps(list(range(500))))\n"
               "threads = [threading.Thread(target=work) for _ in range(4)]\n"
               "for t in threads: t.start()\n"
               "for t in threads: t.join()\n");
}

void host_crash(const char *place, host_crash_fn crash, const char *kind)
{
    char source[512];
    snprintf(source, sizeof source,
             "import ctypes, threading\n"
             "def inner(): ctypes.CFUNCTYPE(None, ctypes.c_char_p)(%llu)(b'%s')\n"
             "if '%s' == 'main': inner()\n"
             "t = threading.Thread(target=inner); t.start(); t.join()\n",
             (unsigned long long)(uintptr_t)crash, kind, place);
    run(source);
}

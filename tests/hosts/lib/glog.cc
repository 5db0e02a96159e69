// glog, whose own handler of fatal signals prints a stack and dies.
#include "host.h"

#include <cstdlib>
#include <glog/logging.h>
#include <thread>

const char *host_start(const char *)
{
    FLAGS_logtostderr = false;
    FLAGS_stderrthreshold = google::GLOG_FATAL;
    FLAGS_log_dir = "/nowhere"; // no files
    google::InitGoogleLogging("host");
    google::InstallFailureSignalHandler();
    return nullptr;
}

long host_work()
{
    long sum = 0;
    for (int i = 0; i < 2000; i++) {
        VLOG(3) << "not shown " << i;
        sum += i;
    }
    std::thread([&sum] { sum++; }).join();
    return sum;
}

void host_crash(const char *place, host_crash_fn crash, const char *kind)
{
    if (place[0] == 't')
        std::thread(crash, kind).join();
    else
        crash(kind);
}

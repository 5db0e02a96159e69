// A thread of libstdc++'s, whose stack overflows after it has waited, or computed, for a while.
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

constexpr auto a_while = 4s; // longer than Epitaph takes to look at a thread

std::mutex mutex;
std::condition_variable changed;
bool ready;
int ends[2];
volatile char sink;

__attribute__((noinline, noclone)) int recurse(int depth) {
    char block[300];
    std::memset(block, depth, sizeof block);
    sink = block[depth % 300];
    return depth != 0 ? recurse(depth + 1) + sink : 0;
}

void wait_for_epoll() {
    struct epoll_event event = {};
    event.events = EPOLLIN;
    int fd = epoll_create1(0);
    if (epoll_ctl(fd, EPOLL_CTL_ADD, ends[0], &event) != 0 || epoll_wait(fd, &event, 1, -1) != 1)
        std::abort();
}

void wait(int how) {
    char byte;
    struct pollfd poll_fd = {ends[0], POLLIN, 0};
    std::unique_lock<std::mutex> lock(mutex, std::defer_lock);
    auto until = std::chrono::steady_clock::now() + a_while;
    switch (how) {
    case 1:
        std::this_thread::sleep_for(a_while);
        break;
    case 2:
        lock.lock();
        changed.wait(lock, [] { return ready; });
        break;
    case 3:
        lock.lock();
        changed.wait_for(lock, 60s, [] { return ready; });
        break;
    case 4:
        if (read(ends[0], &byte, 1) != 1)
            std::abort();
        break;
    case 5:
        poll(&poll_fd, 1, -1);
        break;
    case 6:
        wait_for_epoll();
        break;
    case 7:
        while (std::chrono::steady_clock::now() < until)
            sink = sink + 1;
        break;
    }
}

} // namespace

extern "C" void overflow(int how) {
    if (pipe(ends) != 0)
        std::abort();
    std::thread thread([how] {
        wait(how);
        recurse(1);
    });
    if (how != 0)
        std::this_thread::sleep_for(a_while);
    {
        std::lock_guard<std::mutex> lock(mutex);
        ready = true;
    }
    changed.notify_all();
    if (write(ends[1], "x", 1) != 1)
        std::abort();
    thread.join();
}

#include "stacks.h"

#include <chrono>
#include <thread>
#include <vector>

extern "C" void stacks_body(void);

// std::thread calls pthread_create from within libstdc++.so, which the linker's
// wrapping does not reach.
void stacks_start_cxx(void) { std::thread(stacks_body).detach(); }

void stacks_cxx_threads(int n, int ms) {
    std::vector<std::thread> threads;
    for (int i = 0; i < n; i++)
        threads.emplace_back([ms] {
            auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
            while (std::chrono::steady_clock::now() < end)
                std::this_thread::yield();
        });
    for (auto &thread : threads)
        thread.join();
}

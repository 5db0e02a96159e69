#include "shop.h"

#include <stdexcept>

namespace {
int anon(int x)
{
    volatile int y = x;
    return y * 2;
}
}

extern "C" __attribute__((noinline)) int outer(int n)
{
    shop::Basket<int> b;
    shop::Basket<double> d;
    for (int i = 0; i < n; i++) {
        b.items.push_back(i);
        d.items.push_back(i * 0.5);
    }
    std::map<std::string, int> m;
    for (int i = 0; i < n; i++)
        m[std::to_string(i)] += anon(i);
    std::sort(b.items.begin(), b.items.end(), [](int x, int y) { return x > y; });
    if (n > 1000)
        throw std::runtime_error("too many");
    return b.total() + (int)d.total() + (int)m.size();
}

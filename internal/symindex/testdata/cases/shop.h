#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace shop {
template <class T> struct Basket {
    std::vector<T> items;
    int total() const
    {
        int sum = 0;
        for (auto &x : items)
            sum += weigh(x);
        return sum;
    }
    static inline int weigh(const T &x) { return hidden(x) * 3; }
    static inline int hidden(const T &x)
    {
        volatile int k = (int)sizeof x;
        return k + (int)x;
    }
};
}

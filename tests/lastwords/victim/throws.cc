// Uncaught exceptions, each awkward in its own way.

//go:build linux && cgo && (amd64 || arm64) && !nocxx

#include "throws.h"

#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>
#include <unistd.h>

namespace demo {

// std::exception is neither the first base nor at a fixed place.
struct Numbered {
    long number = 7;
    virtual ~Numbered() = default;
};
struct Failure : virtual std::exception {
    const char *what() const noexcept override { return "of a virtual base"; }
};
struct Derived : Numbered, Failure {};

template <typename T> struct Box {
    T value;
};

struct Faulter : std::exception {
    const char *what() const noexcept override {
        *static_cast<volatile int *>(nullptr) = 1;
        return "";
    }
};
struct Silent : std::exception {
    const char *what() const noexcept override { return nullptr; }
};
struct Wild : std::exception {
    const char *what() const noexcept override { return reinterpret_cast<const char *>(64); }
};
struct Catcher : std::exception {
    const char *what() const noexcept override {
        try {
            throw 1;
        } catch (int) {
        }
        return "caught its own";
    }
};

} // namespace demo

// An object whose type says demo::Silent, but whose what() throws: the table of
// virtual functions is a copy with another third entry.
static const char *throwing_what(const void *) { throw std::logic_error("out of what()"); }

static void *vtable[8];

static demo::Silent changed() {
    demo::Silent object;
    std::memcpy(vtable, *reinterpret_cast<void ***>(&object) - 2, sizeof(void *) * 5);
    vtable[4] = reinterpret_cast<void *>(throwing_what);
    return object;
}

static void throw_changed() {
    try {
        throw changed();
    } catch (demo::Silent &object) {
        *reinterpret_cast<void ***>(&object) = vtable + 2;
        throw;
    }
}

static void rethrow() {
    std::exception_ptr kept;
    try {
        throw std::out_of_range("first thrown elsewhere");
    } catch (...) {
        kept = std::current_exception();
    }
    std::rethrow_exception(kept);
}

static void throw_error(const char *text) { throw std::runtime_error(text); }

static void may_not_throw() noexcept { throw_error("out of noexcept"); }

void throws(const char *name) {
    std::string s = name;
    if (s == "int")
        throw 42;
    if (s == "pointer")
        throw "a string";
    if (s == "template")
        throw demo::Box<std::vector<int>>();
    if (s == "derived")
        throw demo::Derived();
    if (s == "rethrow")
        rethrow();
    if (s == "noexcept")
        may_not_throw();
    if (s == "what-throws")
        throw_changed();
    if (s == "what-faults")
        throw demo::Faulter();
    if (s == "what-null")
        throw demo::Silent();
    if (s == "what-wild")
        throw demo::Wild();
    if (s == "what-catches")
        throw demo::Catcher();
    if (s == "long")
        throw std::runtime_error(std::string(10000, 'x'));
    if (s == "odd")
        throw std::runtime_error("a \"quote\", a \\, \xd0\x96, \xff, a line\nand \x1b[31m");
}

static std::terminate_handler before;

static void say_and_abort() {
    (void)!write(2, "OWN\n", 4);
    std::abort();
}

static void say_and_chain() {
    (void)!write(2, "OWN\n", 4);
    before();
}

void own_handler(int chain) { before = std::set_terminate(chain ? say_and_chain : say_and_abort); }

void quiet_handler(void) { std::set_terminate(std::abort); }

int is_own_handler(void) {
    return std::get_terminate() == say_and_abort || std::get_terminate() == say_and_chain;
}

void many(void) {
    static pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, nullptr, 8);
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; i++)
        threads.emplace_back([] {
            pthread_barrier_wait(&barrier);
            throw std::runtime_error("one of many");
        });
    for (auto &thread : threads)
        thread.join();
}

// A library in C++, for a program in C.
#include <stdexcept>

extern "C" void plugin(void) { throw std::runtime_error("of a plugin"); }

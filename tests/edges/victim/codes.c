//go:build linux && amd64 && cgo

#include "codes.h"
#include "_cgo_export.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define KEEP __attribute__((noinline, noclone))

void *codes_place;
static volatile int *volatile nowhere;
static _Atomic int waits;

static const unsigned char push_frame[] = {0x55, 0x48, 0x89, 0xe5}; // push %rbp; mov %rsp,%rbp
static const unsigned char pop_frame[] = {0x5d, 0xc3};              // pop %rbp; ret
static const unsigned char move_down[] = {0x48, 0x83, 0xec, 0x28};  // sub $40,%rsp
static const unsigned char move_up[] = {0x48, 0x83, 0xc4, 0x28, 0xc3}; // add $40,%rsp; ret
static const unsigned char load_rax[] = {0x48, 0xb8};               // movabs $...,%rax
static const unsigned char call_rax[] = {0xff, 0xd0};               // call *%rax
// lea pop_frame(%rip),%rax; push %rax, before a function of which this is behind the end
static const unsigned char push_end[] = {0x48, 0x8d, 0x05, 0x13, 0, 0, 0, 0x50};
static const unsigned char fault[] = {0x31, 0xc0, 0x88, 0x00};      // xor %eax,%eax; mov %al,(%rax)

static unsigned char *put(unsigned char *at, const void *code, size_t size)
{
    memcpy(at, code, size);
    return at + size;
}
#define PUT(at, code) (at = put(at, code, sizeof code))

KEEP int codes_run(int kind, int (*called)(void))
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *code =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char *at = code;
    if (code == MAP_FAILED)
        return -1;
    if (kind == CODES_PUSHED) {
        PUT(at, push_frame);
        PUT(at, push_end);
    }
    if (kind == CODES_FRAMED || kind == CODES_PUSHED)
        PUT(at, push_frame);
    else if (kind == CODES_BARE)
        PUT(at, move_down);
    if (kind == CODES_LEAF) {
        PUT(at, fault);
    } else {
        PUT(at, load_rax);
        at = put(at, &called, sizeof called);
        PUT(at, call_rax);
    }
    if (kind == CODES_FRAMED || kind == CODES_PUSHED)
        PUT(at, pop_frame);
    else
        PUT(at, move_up);
    if (kind == CODES_PUSHED)
        PUT(at, pop_frame);
    if (mprotect(code, size, PROT_READ | PROT_EXEC) != 0)
        return -1;
    codes_place = code;
    int result = ((int (*)(void))code)();
    __asm__ volatile(""); // no tail call
    return result;
}

KEEP int codes_fault(void)
{
    *nowhere = 1;
    return 0;
}

KEEP int codes_call_go(void)
{
    codesGo();
    return 0;
}

KEEP int codes_wait(void)
{
    waits = 1;
    for (;;)
        pause();
}

void codes_await(void)
{
    while (!waits)
        usleep(1000);
}

//go:build linux && amd64 && cgo

#include "ruled.h"

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define KEEP __attribute__((noinline, noclone))

void __register_frame(void *begin);
void __deregister_frame(void *begin);

// GDB's interface, as its manual has it.
struct jit_code_entry {
    struct jit_code_entry *next, *previous;
    const char *file;
    uint64_t size;
};
struct jit_descriptor {
    uint32_t version, action;
    struct jit_code_entry *relevant, *first;
};
struct jit_descriptor __jit_debug_descriptor = {1, 0, NULL, NULL};

// A function that makes a frame in three steps, leaves no frame pointer, and has a word on its
// stack that looks like the return address.
static const unsigned char prologue[] = {
    0x55,                   // push %rbp
    0x53,                   // push %rbx
    0x48, 0x83, 0xec, 0x48, // sub $72,%rsp
    0x31, 0xed,             // xor %ebp,%ebp
    0x48, 0xb8};            // movabs $...,%rax
static const unsigned char keep_and_load[] = {
    0x48, 0x89, 0x44, 0x24, 0x08, // mov %rax,8(%rsp)
    0x48, 0xb8};                  // movabs $...,%rax
static const unsigned char call_rax[] = {0xff, 0xd0};
static const unsigned char fault[] = {0x31, 0xc0, 0x88, 0x00}; // xor %eax,%eax; mov %al,(%rax)
static const unsigned char epilogue[] = {0x48, 0x83, 0xc4, 0x48, 0x5b, 0x5d, 0xc3};

// One CIE; an FDE, in which the place and the size of the code are filled in.
static const unsigned char cfi[] = {
    0x18, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0, // pointers are absolute
    0x0c, 7, 8, 0x90, 1,                                          // CFA rsp+8, rip at CFA-8
    0, 0, 0, 0, 0, 0,
    0x2c, 0, 0, 0, 0x20, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0x41, 0x0e, 16, 0x86, 2,  // behind the first push
    0x41, 0x0e, 24, 0x83, 3,  // behind the second
    0x44, 0x0e, 96,           // behind the sub
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0};
enum { CIE_SIZE = 28, PC_AT = CIE_SIZE + 8 };

// What a debugger gets: an object whose section headers say where the code is.
struct object {
    Elf64_Ehdr header;
    Elf64_Shdr section[5];
    Elf64_Sym symbol[2];
    char strings[64];
    unsigned char frames[sizeof cfi];
};

struct made {
    unsigned char code[64];
    unsigned char frames[sizeof cfi];
    struct object object;
    struct jit_code_entry entry;
};

static KEEP void *here(void) { return __builtin_return_address(0); }

static unsigned char *put(unsigned char *at, const void *bytes, size_t size)
{
    memcpy(at, bytes, size);
    return at + size;
}

static void write_code(unsigned char *at, int (*called)(void))
{
    void *stale = here();
    at = put(at, prologue, sizeof prologue);
    at = put(at, &stale, sizeof stale);
    at = put(at, keep_and_load, sizeof keep_and_load);
    at = put(at, &called, sizeof called);
    at = called != NULL ? put(at, call_rax, sizeof call_rax) : put(at, fault, sizeof fault);
    put(at, epilogue, sizeof epilogue);
}

static void write_frames(unsigned char *frames, const void *code)
{
    uint64_t place[2] = {(uint64_t)code, sizeof((struct made *)0)->code};
    memcpy(frames, cfi, sizeof cfi);
    memcpy(frames + PC_AT, place, sizeof place);
}

static void write_object(struct object *o, const void *code, const char *name)
{
    static const char strings[] = "\0.text\0.eh_frame\0.symtab\0.strtab";
    memcpy(o->header.e_ident, ELFMAG, SELFMAG);
    o->header.e_ident[EI_CLASS] = ELFCLASS64;
    o->header.e_type = ET_REL;
    o->header.e_machine = EM_X86_64;
    o->header.e_shoff = offsetof(struct object, section);
    o->header.e_shentsize = sizeof o->section[0];
    o->header.e_shnum = 5;
    o->header.e_shstrndx = 4;
    memcpy(o->strings, strings, sizeof strings);
    strcpy(o->strings + sizeof strings, name);
    o->section[1] = (Elf64_Shdr){.sh_name = 1, .sh_type = SHT_NOBITS, .sh_addr = (uint64_t)code, .sh_size = 64};
    o->section[2] = (Elf64_Shdr){.sh_name = 7, .sh_type = SHT_PROGBITS, .sh_offset = offsetof(struct object, frames), .sh_size = sizeof cfi};
    o->section[3] = (Elf64_Shdr){.sh_name = 17, .sh_type = SHT_SYMTAB, .sh_offset = offsetof(struct object, symbol), .sh_size = sizeof o->symbol, .sh_entsize = sizeof o->symbol[0], .sh_link = 4};
    o->section[4] = (Elf64_Shdr){.sh_name = 25, .sh_type = SHT_STRTAB, .sh_offset = offsetof(struct object, strings), .sh_size = sizeof o->strings};
    o->symbol[1] = (Elf64_Sym){.st_name = sizeof strings, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), .st_shndx = 1, .st_size = 64};
    write_frames(o->frames, code);
}

static void tell_debugger(struct made *made, const char *name)
{
    write_object(&made->object, made->code, name);
    made->entry = (struct jit_code_entry){__jit_debug_descriptor.first, NULL, (const char *)&made->object, sizeof made->object};
    __jit_debug_descriptor.first = &made->entry;
}

static void damage_list(int how)
{
    static struct jit_code_entry many[3];
    struct jit_code_entry *first = __jit_debug_descriptor.first;
    switch (how) {
    case RULED_RING: // after what is right
        first->next->next = first;
        break;
    case RULED_WILD:
        first->next = (struct jit_code_entry *)0x123456789000;
        break;
    case RULED_HALF: // its section headers are not there yet
        ((struct object *)first->file)->header.e_shoff = 0xfffffffffffffff0;
        ((struct object *)first->next->file)->header.e_shnum = 0xffff;
        break;
    case RULED_GARBAGE:
        memset((char *)first->file + sizeof(Elf64_Ehdr), 0xff, sizeof(struct object) - sizeof(Elf64_Ehdr));
        first->next->file = (const char *)8;
        first->next->size = UINT64_MAX;
        break;
    case RULED_ENDLESS: // entries of no file, in a ring
        many[0].next = &many[1];
        many[1].next = &many[2];
        many[2].next = &many[1];
        __jit_debug_descriptor.first = &many[0];
        break;
    }
}

static struct made *make(int told, const char *name, int (*called)(void))
{
    struct made *made = mmap(NULL, sizeof *made, PROT_READ | PROT_WRITE | PROT_EXEC,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED)
        abort();
    write_code(made->code, called);
    write_frames(made->frames, made->code);
    if (told == RULED_UNWINDER || told == RULED_TAKEN_BACK)
        __register_frame(made->frames);
    if (told == RULED_TAKEN_BACK)
        __deregister_frame(made->frames);
    if (told == RULED_DEBUGGER)
        tell_debugger(made, name);
    return made;
}

static struct made *inner;

KEEP int ruled_between(void)
{
    int result = ((int (*)(void))inner->code)();
    __asm__ volatile(""); // no tail call
    return result;
}

KEEP int ruled_run(int told, int damage)
{
    struct made *outer = make(told, "outer_rule", ruled_between);
    inner = make(told, "inner_rule", NULL);
    damage_list(damage);
    int result = ((int (*)(void))outer->code)();
    __asm__ volatile("");
    return result;
}

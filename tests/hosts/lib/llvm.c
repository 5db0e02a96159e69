// LLVM as a JIT compiler, in one of two ways (LLVM_JIT): "mcjit" describes its code to libgcc's
// unwinder and to debuggers, "orc" to the unwinder only.
#include "host.h"

#include <llvm-c/Core.h>
#include <llvm-c/ExecutionEngine.h>
#include <llvm-c/IRReader.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Target.h>
#include <llvm/Config/llvm-config.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if LLVM_VERSION_MAJOR >= 15
#define TEXT "ptr"
#define ARRAY "ptr"
#define FUNCTION "ptr"
#else
#define TEXT "i8*"
#define ARRAY "[56 x i8]*"
#define FUNCTION "void (i8*)*"
#endif

// Without frame pointers: who walks it needs what LLVM says of it.
static const char code[] =
    "define i64 @jit_sum(i64 %n) uwtable {\n"
    "entry:\n"
    "  br label %loop\n"
    "loop:\n"
    "  %i = phi i64 [ 0, %entry ], [ %next, %loop ]\n"
    "  %sum = phi i64 [ 0, %entry ], [ %more, %loop ]\n"
    "  %square = mul i64 %i, %i\n"
    "  %more = xor i64 %sum, %square\n"
    "  %next = add i64 %i, 1\n"
    "  %on = icmp ult i64 %next, %n\n"
    "  br i1 %on, label %loop, label %end\n"
    "end:\n"
    "  ret i64 %more\n"
    "}\n"
    "define i64 @jit_inner(" FUNCTION " %f, " TEXT " %argument, i64 %n) noinline uwtable {\n"
    "  %room = alloca [56 x i8]\n"
    "  %at = getelementptr [56 x i8], " ARRAY " %room, i64 0, i64 5\n"
    "  call void %f(" TEXT " %argument)\n"
    "  store volatile i8 1, " TEXT " %at\n"
    "  %sum = call i64 @jit_sum(i64 %n)\n"
    "  ret i64 %sum\n"
    "}\n"
    "define void @jit_outer(" FUNCTION " %f, " TEXT " %argument) noinline uwtable {\n"
    "  %sum = call i64 @jit_inner(" FUNCTION " %f, " TEXT " %argument, i64 3)\n"
    "  %again = call i64 @jit_inner(" FUNCTION " %f, " TEXT " %argument, i64 %sum)\n"
    "  ret void\n"
    "}\n";

static long (*sum)(long);
static void (*outer)(host_crash_fn, const char *);

static const char *parse(LLVMContextRef context, LLVMModuleRef *module)
{
    char *error;
    LLVMMemoryBufferRef text = LLVMCreateMemoryBufferWithMemoryRange(code, sizeof code - 1, "code", 1);
    return LLVMParseIRInContext(context, text, module, &error) ? error : NULL;
}

static const char *start_mcjit(void)
{
    LLVMExecutionEngineRef engine;
    LLVMModuleRef module;
    char *error;
    const char *wrong = parse(LLVMContextCreate(), &module);
    if (wrong)
        return wrong;
    LLVMLinkInMCJIT();
    if (LLVMCreateMCJITCompilerForModule(&engine, module, NULL, 0, &error))
        return error;
    sum = (long (*)(long))LLVMGetFunctionAddress(engine, "jit_sum");
    outer = (void (*)(host_crash_fn, const char *))LLVMGetFunctionAddress(engine, "jit_outer");
    return NULL;
}

static const char *start_orc(void)
{
    LLVMOrcLLJITRef jit;
    LLVMModuleRef module;
    LLVMOrcExecutorAddress address[2];
    LLVMErrorRef failed = LLVMOrcCreateLLJIT(&jit, LLVMOrcCreateLLJITBuilder());
    if (failed)
        return LLVMGetErrorMessage(failed);
    LLVMOrcThreadSafeContextRef context = LLVMOrcCreateNewThreadSafeContext();
    const char *wrong = parse(LLVMOrcThreadSafeContextGetContext(context), &module);
    if (wrong)
        return wrong;
    failed = LLVMOrcLLJITAddLLVMIRModule(jit, LLVMOrcLLJITGetMainJITDylib(jit),
                                         LLVMOrcCreateNewThreadSafeModule(module, context));
    if (!failed)
        failed = LLVMOrcLLJITLookup(jit, &address[0], "jit_sum");
    if (!failed)
        failed = LLVMOrcLLJITLookup(jit, &address[1], "jit_outer");
    if (failed)
        return LLVMGetErrorMessage(failed);
    sum = (long (*)(long))address[0];
    outer = (void (*)(host_crash_fn, const char *))address[1];
    return NULL;
}

const char *host_start(const char *path)
{
    const char *how = getenv("LLVM_JIT");
    (void)path;
    LLVMInitializeNativeTarget();
    LLVMInitializeNativeAsmPrinter();
    const char *wrong = how && strcmp(how, "orc") == 0 ? start_orc() : start_mcjit();
    return !wrong && (!sum || !outer) ? "the code was not found" : wrong;
}

static void nothing(const char *unused)
{
    (void)unused;
}

long host_work(void)
{
    outer(nothing, "");
    return sum(1000000);
}

struct crash {
    host_crash_fn crash;
    const char *kind;
};

static void *crash_there(void *arg)
{
    struct crash *crash = arg;
    outer(crash->crash, crash->kind);
    return NULL;
}

void host_crash(const char *place, host_crash_fn crash, const char *kind)
{
    struct crash in = {crash, kind};
    pthread_t thread;
    if (place[0] == 't' && pthread_create(&thread, NULL, crash_there, &in) == 0)
        pthread_join(thread, NULL);
    else
        crash_there(&in);
}

// A Java VM: it resolves faults of its own, and dies of others by abort() when it has written what
// it knows to standard output. LIBJVM names its library.
#include "host.h"

#include <dlfcn.h>
#include <jni.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static JavaVM *vm;
static JNIEnv *env;
static jclass host;
static host_crash_fn crash_function;

static void JNICALL crash(JNIEnv *e, jclass class, jstring kind)
{
    (void)class;
    const char *name = (*e)->GetStringUTFChars(e, kind, NULL);
    crash_function(name);
}

const char *host_start(const char *path)
{
    void *library = dlopen(LIBJVM, RTLD_NOW);
    if (!library)
        return dlerror();
    jint (*create)(JavaVM **, void **, void *);
    *(void **)&create = dlsym(library, "JNI_CreateJavaVM");
    if (!create)
        return "no JNI_CreateJavaVM";
    char class_path[4200], file[4096];
    snprintf(file, sizeof file, "%s", path);
    snprintf(class_path, sizeof class_path, "-Djava.class.path=%s", dirname(file));
    JavaVMOption options[] = {
        {class_path, NULL},      {"-Xmx64m", NULL}, {"-XX:+UseSerialGC", NULL}, {"-XX:ErrorFile=/dev/null", NULL},
        {"-XX:-CreateCoredumpOnCrash", NULL},
    };
    JavaVMInitArgs arguments = {.version = JNI_VERSION_10, .nOptions = sizeof options / sizeof *options, .options = options};
    if (create(&vm, (void **)&env, &arguments) != JNI_OK)
        return "JNI_CreateJavaVM failed";
    jclass found = (*env)->FindClass(env, "Host");
    if (!found)
        return "no class Host";
    host = (*env)->NewGlobalRef(env, found);
    JNINativeMethod native = {"crash", "(Ljava/lang/String;)V", (void *)crash};
    return (*env)->RegisterNatives(env, host, &native, 1) == JNI_OK ? NULL : "RegisterNatives failed";
}

long host_work(void)
{
    jmethodID work = (*env)->GetStaticMethodID(env, host, "work", "()J");
    jlong result = (*env)->CallStaticLongMethod(env, host, work);
    return (*env)->ExceptionCheck(env) ? -1 : (long)result;
}

void host_crash(const char *place, host_crash_fn function, const char *kind)
{
    crash_function = function;
    const char *name = strcmp(place, "thread") == 0 ? "crashOnThread" : "crashHere";
    jmethodID method = (*env)->GetStaticMethodID(env, host, name, "(Ljava/lang/String;)V");
    (*env)->CallStaticVoidMethod(env, host, method, (*env)->NewStringUTF(env, kind));
}

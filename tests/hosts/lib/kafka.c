// librdkafka, with no broker: its own threads, which block every signal, fail to connect and say
// so to the log callback.
#include "host.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t told = PTHREAD_COND_INITIALIZER;
static bool logged;
static _Atomic(host_crash_fn) crash_in_log;
static const char *crash_kind;

static void on_log(const rd_kafka_t *kafka, int level, const char *facility, const char *text)
{
    (void)kafka, (void)level, (void)facility, (void)text;
    host_crash_fn crash = crash_in_log;
    if (crash)
        crash(crash_kind);
    pthread_mutex_lock(&lock);
    logged = true;
    pthread_cond_signal(&told);
    pthread_mutex_unlock(&lock);
}

static rd_kafka_t *producer(void)
{
    static char error[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", "127.0.0.1:1", error, sizeof error);
    rd_kafka_conf_set(conf, "debug", "broker", error, sizeof error);
    rd_kafka_conf_set_log_cb(conf, on_log);
    return rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
}

const char *host_start(const char *path)
{
    (void)path;
    return NULL;
}

// One more producer, which lives until it has logged something.
long host_work(void)
{
    logged = false;
    rd_kafka_t *kafka = producer();
    if (!kafka)
        return -1;
    pthread_mutex_lock(&lock);
    while (!logged)
        pthread_cond_wait(&told, &lock);
    pthread_mutex_unlock(&lock);
    rd_kafka_destroy(kafka);
    return 1;
}

void host_crash(const char *place, host_crash_fn crash, const char *kind)
{
    (void)place; // the log is written on the library's threads alone
    crash_kind = kind;
    // rd_kafka_new logs on the caller's thread, too.
    rd_kafka_t *kafka = producer();
    crash_in_log = crash;
    rd_kafka_poll(kafka, 10000);
}

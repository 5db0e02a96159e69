#include "query.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// What is used of duckdb.h, which is in another module.
typedef struct {
    uint64_t deprecated[3];
    void *columns;
    char *error;
    void *internal;
} result;
extern int duckdb_open(const char *path, void **database);
extern int duckdb_connect(void *database, void **connection);
extern int duckdb_query(void *connection, const char *query, result *);
extern void duckdb_destroy_result(result *);
extern const char *duckdb_result_error(result *);
extern int64_t duckdb_value_int64(result *, uint64_t column, uint64_t row);
extern void *duckdb_create_scalar_function(void);
extern void duckdb_scalar_function_set_name(void *function, const char *name);
extern void duckdb_scalar_function_add_parameter(void *function, void *type);
extern void duckdb_scalar_function_set_return_type(void *function, void *type);
extern void duckdb_scalar_function_set_function(void *function, void (*)(void *, void *, void *));
extern void duckdb_scalar_function_set_volatile(void *function);
extern int duckdb_register_scalar_function(void *connection, void *function);
extern void *duckdb_create_logical_type(int type);

enum { BIGINT = 5 }; // DUCKDB_TYPE_BIGINT

static void *database, *connection;
static void (*crash_function)(const char *);
static const char *crash_kind;
static int calls;

static void crash(void *info, void *chunk, void *output)
{
    (void)info, (void)chunk, (void)output;
    // Not at the first of the calls, which are made on all of the threads.
    if (__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) == 20)
        crash_function(crash_kind);
}

static char *query(const char *text, result *r)
{
    return duckdb_query(connection, text, r) ? strdup(duckdb_result_error(r)) : NULL;
}

char *query_open(void)
{
    if (duckdb_open(NULL, &database) || duckdb_connect(database, &connection))
        return strdup("the database cannot be opened");
    void *function = duckdb_create_scalar_function(), *type = duckdb_create_logical_type(BIGINT);
    duckdb_scalar_function_set_name(function, "crash");
    duckdb_scalar_function_add_parameter(function, type);
    duckdb_scalar_function_set_return_type(function, type);
    duckdb_scalar_function_set_volatile(function);
    duckdb_scalar_function_set_function(function, crash);
    if (duckdb_register_scalar_function(connection, function))
        return strdup("the function cannot be registered");
    result r;
    return query("set threads = 4", &r);
}

char *query_sum(long *sum)
{
    result r;
    char *error = query("select sum(i * i % 97)::bigint from range(1000000) t(i)", &r);
    if (!error)
        *sum = (long)duckdb_value_int64(&r, 0, 0);
    duckdb_destroy_result(&r);
    return error;
}

char *query_crash(void (*crash)(const char *), const char *kind)
{
    crash_function = crash;
    crash_kind = kind;
    result r;
    return query("select sum(crash(i)) from range(1000000) t(i)", &r);
}

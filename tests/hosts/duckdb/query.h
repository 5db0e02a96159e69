// Queries of DuckDB by its C interface. Each returns what went wrong, or NULL.
char *query_open(void);
char *query_sum(long *sum);
char *query_crash(void (*crash)(const char *), const char *kind);

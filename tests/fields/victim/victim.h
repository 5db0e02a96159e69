void crash(void);
void leave(void);
void on_thread(void);
void signal_thread(int signal);

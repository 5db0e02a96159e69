void crash(void);
void leave(void);
void on_thread(void);

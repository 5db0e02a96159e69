/* walk calls back into Go for each number from n down to 0. */
void walk(int n);

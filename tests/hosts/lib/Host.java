// The Java side of jvm.c.
public class Host {
    static class Box { int value; }

    static native void crash(String kind);

    static int depth;

    static int recurse() { return depth++ < 0 ? 0 : recurse() + 1; }

    // Null checks that the VM makes by a fault once the code is compiled, a stack overflow on this
    // thread and on others, and a collection: all of them need the VM's handler of SIGSEGV.
    static long work() throws Exception {
        long sum = 0;
        for (int i = 0; i < 200000; i++) {
            Box box = i % 997 == 0 ? null : new Box();
            try {
                sum += box.value + 1;
            } catch (NullPointerException e) {
                sum += 1000;
            }
        }
        int[] overflows = new int[3];
        Thread[] threads = new Thread[2];
        for (int i = 0; i < threads.length; i++) {
            int which = i;
            threads[i] = new Thread(() -> overflows[which] = overflow());
            threads[i].start();
        }
        overflows[2] = overflow();
        for (Thread t : threads) t.join();
        System.gc();
        for (int n : overflows) sum += n;
        return sum;
    }

    static int overflow() {
        try {
            return recurse();
        } catch (StackOverflowError e) {
            return 1;
        }
    }

    static void crashHere(String kind) { crash(kind); }

    static void crashOnThread(String kind) throws Exception {
        Thread t = new Thread(() -> crashHere(kind), "crasher");
        t.start();
        t.join();
    }
}

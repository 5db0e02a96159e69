/* A library whose symbols take a while to read. */
__asm__(".altmacro\n"
        ".macro function n\n"
        "many_\\n: .byte 0\n"
        ".type many_\\n, %function\n"
        ".size many_\\n, 1\n"
        ".endm\n"
        ".set i, 0\n"
        ".rept 200000\n"
        "function %i\n"
        ".set i, i + 1\n"
        ".endr\n");

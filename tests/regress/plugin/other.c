/* What a library was replaced by: all of its code is in another function. */
__asm__(".type another, %function\n"
        "another: .fill 4096, 1, 0x90\n"
        ".size another, 4096\n");

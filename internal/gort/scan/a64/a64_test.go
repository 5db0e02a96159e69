package a64_test

import (
	"testing"

	"github.com/epitaph-go/epitaph/internal/gort/scan/a64"
)

// The words are what GNU as makes of the comments.
var decoded = []struct {
	word uint32
	want a64.Inst
}{
	{0xf000001b, a64.Inst{Op: a64.Adrp, Size: 8, Rd: 27, Imm: 0x3000}},                // adrp x27, .+0x3000
	{0x90ffffe2, a64.Inst{Op: a64.Adrp, Size: 8, Rd: 2, Imm: -0x4000}},                // adrp x2, .-0x4000
	{0x30007fe3, a64.Inst{Op: a64.Adr, Size: 8, Rd: 3, Imm: 0xffd}},                   // adr x3, .+0xffd
	{0x9134d041, a64.Inst{Op: a64.Add, Size: 8, Rd: 1, Rn: 2, Imm: 0xd34}},            // add x1, x2, #0xd34
	{0x91401441, a64.Inst{Op: a64.Add, Size: 8, Rd: 1, Rn: 2, Imm: 0x5000}},           // add x1, x2, #5, lsl #12
	{0xd290d401, a64.Inst{Op: a64.Const, Size: 8, Rd: 1, Imm: 0x86a0}},                // mov x1, #0x86a0
	{0xf2a00021, a64.Inst{Op: a64.Keep, Size: 8, Shift: 16, Rd: 1, Imm: 1}},           // movk x1, #1, lsl #16
	{0x9280a422, a64.Inst{Op: a64.Const, Size: 8, Rd: 2, Imm: -1314}},                 // mov x2, #-1314
	{0x12b00001, a64.Inst{Op: a64.Const, Size: 4, Rd: 1, Imm: 0x7fffffff}},            // mov w1, #0x7fffffff
	{0xb24003e0, a64.Inst{Op: a64.Const, Size: 8, Imm: 1}},                            // orr x0, xzr, #1
	{0xb200f3e0, a64.Inst{Op: a64.Const, Size: 8, Imm: 0x5555555555555555}},           // mov x0, #0x5555555555555555
	{0xb2089fe0, a64.Inst{Op: a64.Const, Size: 8, Imm: -0x00ff00ff00ff0100}},          // mov x0, #0xff00ff00ff00ff00
	{0xb24107e0, a64.Inst{Op: a64.Const, Size: 8, Imm: -0x7fffffffffffffff}},          // mov x0, #0x8000000000000001
	{0x32041fe0, a64.Inst{Op: a64.Const, Size: 4, Imm: 0xf000000f}},                   // mov w0, #0xf000000f
	{0x2a1f03fb, a64.Inst{Op: a64.Move, Size: 4, Rd: 27, Rm: a64.Zero}},               // mov w27, wzr
	{0xaa1c03e7, a64.Inst{Op: a64.Move, Size: 8, Rd: 7, Rm: 28}},                      // mov x7, x28
	{0x710000bf, a64.Inst{Op: a64.Compare, Size: 4, Rd: a64.Zero, Rn: 5}},             // cmp w5, #0
	{0xf9442366, a64.Inst{Op: a64.Load, Size: 8, Rd: 6, Rn: 27, Imm: 2112}},           // ldr x6, [x27, #2112]
	{0xb9473766, a64.Inst{Op: a64.Load, Size: 4, Rd: 6, Rn: 27, Imm: 1844}},           // ldr w6, [x27, #1844]
	{0x3942c781, a64.Inst{Op: a64.Load, Size: 1, Rd: 1, Rn: 28, Imm: 177}},            // ldrb w1, [x28, #177]
	{0xb9810ca5, a64.Inst{Op: a64.Load, Size: 4, Rd: 5, Rn: 5, Imm: 268}},             // ldrsw x5, [x5, #268]
	{0x79400002, a64.Inst{Op: a64.Load, Size: 2, Rd: 2}},                              // ldrh w2, [x0]
	{0xf85f83fd, a64.Inst{Op: a64.Load, Size: 8, Rd: 29, Rn: 31, Imm: -8}},            // ldur x29, [sp, #-8]
	{0xf9003b7f, a64.Inst{Op: a64.Store, Size: 8, Rd: a64.Zero, Rn: 27, Imm: 112}},    // str xzr, [x27, #112]
	{0xb9006f61, a64.Inst{Op: a64.Store, Size: 4, Rd: 1, Rn: 27, Imm: 108}},           // str w1, [x27, #108]
	{0x39045c23, a64.Inst{Op: a64.Store, Size: 1, Rd: 3, Rn: 1, Imm: 279}},            // strb w3, [x1, #279]
	{0xa97f0b61, a64.Inst{Op: a64.LoadPair, Size: 8, Rd: 1, Rn: 27, Rm: 2, Imm: -16}}, // ldp x1, x2, [x27, #-16]
	{0x889ffc20, a64.Inst{Op: a64.StoreSync, Size: 4, Rn: 1}},                         // stlr w0, [x1]
	{0x089ffc20, a64.Inst{Op: a64.StoreSync, Size: 1, Rn: 1}},                         // stlrb w0, [x1]
	{0xb8e30022, a64.Inst{Op: a64.AddSync, Size: 4, Rd: 2, Rn: 1, Rm: 3}},             // ldaddal w3, w2, [x1]
	{0xb8e38022, a64.Inst{Op: a64.SwapSync, Size: 4, Rd: 2, Rn: 1, Rm: 3}},            // swpal w3, w2, [x1]
	{0x88fbfc41, a64.Inst{Op: a64.CompareSync, Size: 4, Rd: 1, Rn: 2, Rm: 27}},        // casal w27, w1, [x2]
	{0x97ffffea, a64.Inst{Op: a64.Call, Imm: -0x58}},                                  // bl .-0x58
	{0xd63f0040, a64.Inst{Op: a64.CallTo, Rn: 2}},                                     // blr x2
	{0xb4fffba2, a64.Inst{Op: a64.JumpZero, Rd: 2, Imm: -0x8c}},                       // cbz x2, .-0x8c
	{0x35fffb83, a64.Inst{Op: a64.JumpZero, Rd: 3, Imm: -0x90}},                       // cbnz w3, .-0x90
	{0x361ffb61, a64.Inst{Op: a64.JumpZero, Rd: 1, Imm: -0x94}},                       // tbz w1, #3, .-0x94
	{0xb70ffb41, a64.Inst{Op: a64.JumpZero, Rd: 1, Imm: -0x98}},                       // tbnz x1, #33, .-0x98
	{0x54fffb2c, a64.Inst{Op: a64.Jump, Imm: -0x9c}},                                  // b.gt .-0x9c
	{0xf9800000, a64.Inst{}},                       // prfm pldl1keep, [x0]
	{0xad400400, a64.Inst{Rm: 1}},                  // ldp q0, q1, [x0]
	{0xa8c17bfd, a64.Inst{Rd: 29, Rn: 31, Rm: 30}}, // ldp x29, x30, [sp], #16
	{0xfd400400, a64.Inst{}},                       // ldr d0, [x0, #8]
	{0x9b031041, a64.Inst{Rd: 1, Rn: 1, Rm: 1}},    // madd x1, x2, x3, x4
	{0x881bfc41, a64.Inst{Rd: 1, Rn: 2, Rm: 27}},   // stlxr w27, w1, [x2]
	{0x00000000, a64.Inst{}},                       // udf #0
}

func TestDecode(t *testing.T) {
	for _, c := range decoded {
		if got := a64.Decode(c.word); got != c.want {
			t.Errorf("%#08x: %+v, want %+v", c.word, got, c.want)
		}
	}
}

func TestWrites(t *testing.T) {
	for word, want := range map[uint32]uint32{
		0x9134d041: 1 << 1,                // add x1, x2, #0xd34
		0xb9006f61: 0,                     // str w1, [x27, #108]
		0x710000bf: 0,                     // cmp w5, #0
		0xa97f0b61: 1<<1 | 1<<2,           // ldp x1, x2, [x27, #-16]
		0x88fbfc41: 1 << 27,               // casal w27, w1, [x2]
		0xa8c17bfd: 1<<29 | 1<<30 | 1<<31, // ldp x29, x30, [sp], #16
		0x881bfc41: 1<<27 | 1<<1 | 1<<2,   // stlxr w27, w1, [x2]
		0xd63f0040: 1<<31 - 1,             // blr x2
		0x9b031041: 1 << 1,                // madd x1, x2, x3, x4
	} {
		if got := a64.Decode(word).Writes(); got != want {
			t.Errorf("%#08x writes %#x, want %#x", word, got, want)
		}
	}
}

// Whatever the word, the registers are registers, and sizes those of registers.
func FuzzDecode(f *testing.F) {
	for _, c := range decoded {
		f.Add(c.word)
	}
	f.Fuzz(func(t *testing.T, word uint32) {
		i := a64.Decode(word)
		if i.Rd > 31 || i.Rn > 31 || i.Rm > 31 {
			t.Errorf("%#08x: %+v", word, i)
		}
		switch i.Size {
		case 0, 1, 2, 4, 8:
		default:
			t.Errorf("%#08x: %+v", word, i)
		}
	})
}

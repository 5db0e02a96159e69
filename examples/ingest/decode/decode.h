// Decoder of frames:
//
//	'P' WIDTH PLANES BYTES...   a picture
//	'M' KEY... 0                metadata
//	'G' LENGTH FRAMES...        a group of frames
//
// It has five bugs, for the tests beside it to pin down.
#ifndef DECODE_H
#define DECODE_H

#include <stddef.h>
#include <stdint.h>

// decode_frame returns how many rows the frame has, or -1 if it is none.
int decode_frame(const uint8_t *data, size_t size);

#endif

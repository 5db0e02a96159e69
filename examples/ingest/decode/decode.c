#include "decode.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIZE 64

// Each is a function of its own in every build, so that the tests' stacks hold for any
// compiler.
#define OWN_FRAME __attribute__((noinline))

struct picture {
	uint8_t width;
	size_t size;
	uint8_t *plane; // NULL if the frame has none
};

// A call in the last line of a function would be compiled to a jump, and leave no frame.
static volatile int calls;

OWN_FRAME int copy_plane(struct picture *p, const uint8_t *from)
{
	p->plane[0] = *from; // bug 1: there may be no plane
	calls++;
	return 0;
}

OWN_FRAME int drop_key(char *key)
{
	if (key[0] == 0)
		free(key); // bug 2: it is freed below as well
	calls++;
	free(key);
	calls++;
	return 0;
}

OWN_FRAME int check_size(size_t size)
{
	assert(size <= MAX_SIZE); // bug 3: the frame is to be refused
	calls++;
	return 0;
}

OWN_FRAME int count_rows(struct picture *p)
{
	int rows = (int)(p->size / p->width); // bug 4: the width may be 0
	calls++;
	return rows;
}

OWN_FRAME int parse_group(const uint8_t *data, size_t size)
{
	volatile uint8_t header[256];
	header[0] = data[0];
	if (size < 2)
		return -1;
	if (data[1] == 0)
		return parse_group(data, size) + header[0]; // bug 5: a group of no length never ends
	int rows = decode_frame(data + 2, size - 2);
	calls++;
	return rows;
}

OWN_FRAME int decode_picture(const uint8_t *data, size_t size)
{
	if (size < 4)
		return -1;
	struct picture p = {.width = data[1], .size = size - 3};
	int refused = check_size(p.size);
	if (refused)
		return refused;
	p.plane = data[2] ? malloc(data[2]) : NULL;
	int rows = copy_plane(&p, data + 3);
	if (rows == 0)
		rows = count_rows(&p);
	free(p.plane);
	return rows;
}

OWN_FRAME int decode_metadata(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, 0, size);
	if (!end)
		return -1;
	char *key = malloc((size_t)(end - data));
	memcpy(key, data + 1, (size_t)(end - data));
	int rows = drop_key(key);
	calls++;
	return rows;
}

OWN_FRAME int decode_frame(const uint8_t *data, size_t size)
{
	int rows = -1;
	switch (size > 0 ? data[0] : 0) {
	case 'P':
		rows = decode_picture(data, size);
		break;
	case 'M':
		rows = decode_metadata(data, size);
		break;
	case 'G':
		rows = parse_group(data, size);
		break;
	}
	calls++;
	return rows;
}

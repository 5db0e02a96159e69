#include "decode.h"
#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Each is a function of its own in every build, with a frame of its own.
#define OWN_FRAME __attribute__((noinline, noclone))

static pthread_barrier_t working;
static volatile int planes; // keeps calls from being jumps

static OWN_FRAME void copy_plane(volatile unsigned char *to)
{
	*to = 1;
	planes++;
}

static OWN_FRAME void clear_plane(unsigned char *to, size_t size)
{
	memset(to, 0, size);
	planes++;
}

OWN_FRAME void drop_frame(void *frame)
{
	free(frame);
	free(frame);
	planes++;
}

static OWN_FRAME void check_planes(int n)
{
	assert(n > 0);
	planes++;
}

OWN_FRAME int parse_nested(const unsigned char *frame)
{
	volatile unsigned char header[256];
	header[0] = frame[0];
	return parse_nested(frame) + header[0];
}

OWN_FRAME void wait_for_more(void)
{
	for (;;)
		sleep(1);
}

OWN_FRAME void read_behind(const unsigned char *frame, size_t size)
{
	unsigned char *copy = malloc(size);
	memcpy(copy, frame, size);
	planes += ((volatile unsigned char *)copy)[size];
	free(copy);
}

OWN_FRAME static void *work(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&working);
	for (;;)
		pause();
	return NULL;
}

void start_worker(void)
{
	pthread_t thread;
	pthread_barrier_init(&working, NULL, 2);
	pthread_create(&thread, NULL, work, NULL);
	pthread_barrier_wait(&working);
}

OWN_FRAME int decode_frame(const unsigned char *frame, size_t size)
{
	unsigned char *volatile nowhere = NULL;
	switch (size > 0 ? frame[0] : 0) {
	case 'n':
		copy_plane(nowhere);
		break;
	case 'm':
		clear_plane(nowhere, size + 4000);
		break;
	case 'd':
		drop_frame(malloc(100));
		break;
	case 'a':
		check_planes(0);
		break;
	case 'h':
		wait_for_more();
		break;
	case 'b':
		read_behind(frame, size);
		break;
	case 'r':
		planes += parse_nested(frame);
		break;
	case 'p':
		printf("hello from C\n");
		copy_plane(nowhere);
		break;
	case 'q':
		printf("hello from C");
		break;
	}
	return planes;
}

/*
 * A fuzzer is a function over octets. With -fsanitize=fuzzer the library calls
 * it; built with -DFUZZ_REPLAY the program calls it once for each file named,
 * so that what was found stays found without clang.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "base/buf.h"
#include "base/file.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef FUZZ_REPLAY
int
main(int argc, char **argv)
{
	struct buf octets = BUF_INIT, error = BUF_INIT;
	int i;

	for (i = 1; i < argc; i++) {
		uint8_t *exact;

		buf_reset(&octets);
		if (file_read(argv[i], 64 << 20, &octets, &error)) {
			fprintf(stderr, "%s\n", error.data);
			return 1;
		}
		/* In memory of exactly that size, for the sanitizer. */
		exact = malloc(octets.len ? octets.len : 1);
		if (!exact)
			return 1;
		memcpy(exact, octets.data, octets.len);
		(void)LLVMFuzzerTestOneInput(exact, octets.len);
		free(exact);
	}
	buf_release(&octets);
	buf_release(&error);
	return 0;
}
#endif

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * Writing a trace, plain or compressed
 *
 * A compressing stream is a FILE over the functions of zlib or libzstd.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "../util/err.h"
#include "recorder.h"

#define HEADER "ts_ns,client,op,device,space,address,size,span,id,flags\n"
#define BUFFER_SIZE (1 << 16)

struct recorder {
	char *path;
	FILE *out;
	int error;
};

static ssize_t gzip_write(void *cookie, const char *data, size_t size)
{
	return gzwrite(cookie, data, size);
}

static int gzip_close(void *cookie)
{
	if (gzclose(cookie) == Z_OK)
		return 0;
	errno = EIO;
	return -1;
}

static FILE *open_gzip(const char *path)
{
	const cookie_io_functions_t functions = { .write = gzip_write,
						  .close = gzip_close };
	gzFile file = gzopen(path, "wbe");
	FILE *out = file ? fopencookie(file, "w", functions) : NULL;

	if (file && !out)
		gzclose(file);
	return out;
}

struct zstd {
	FILE *out;
	ZSTD_CCtx *context;
};

/* compress() - compress data; @end also ends the frame */
static int compress_data(struct zstd *zstd, const char *data, size_t size,
			 bool end)
{
	ZSTD_inBuffer in = { data, size, 0 };
	char buffer[BUFFER_SIZE];
	size_t left;

	do {
		ZSTD_outBuffer out = { buffer, sizeof(buffer), 0 };

		left = ZSTD_compressStream2(zstd->context, &out, &in,
					    end ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left) ||
		    fwrite(buffer, 1, out.pos, zstd->out) != out.pos)
			return -1;
	} while (in.pos < in.size || (end && left));
	return 0;
}

static ssize_t zstd_write(void *cookie, const char *data, size_t size)
{
	return compress_data(cookie, data, size, false) ? 0 : size;
}

static int zstd_close(void *cookie)
{
	struct zstd *zstd = cookie;
	int ret = compress_data(zstd, NULL, 0, true);

	ZSTD_freeCCtx(zstd->context);
	if (fclose(zstd->out))
		ret = -1;
	free(zstd);
	return ret;
}

static FILE *open_zstd(const char *path)
{
	const cookie_io_functions_t functions = { .write = zstd_write,
						  .close = zstd_close };
	struct zstd *zstd = xcalloc(1, sizeof(*zstd));

	zstd->out = fopen(path, "we");
	if (!zstd->out) {
		free(zstd);
		return NULL;
	}
	zstd->context = checked(ZSTD_createCCtx());
	ZSTD_CCtx_setParameter(zstd->context, ZSTD_c_checksumFlag, 1);
	return checked(fopencookie(zstd, "w", functions));
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);

	return length >= strlen(end) &&
	       !strcmp(text + length - strlen(end), end);
}

static FILE *open_file(const char *path)
{
	if (ends_with(path, ".gz"))
		return open_gzip(path);
	if (ends_with(path, ".zst"))
		return open_zstd(path);
	return fopen(path, "we");
}

struct recorder *recorder_open(const char *path)
{
	struct recorder *recorder;
	FILE *out = open_file(path);

	if (!out) {
		fail("%s: %s: name a file that can be written", path,
		     strerror(errno));
		return NULL;
	}
	recorder = xcalloc(1, sizeof(*recorder));
	recorder->path = checked(strdup(path));
	recorder->out = out;
	setvbuf(out, NULL, _IOFBF, BUFFER_SIZE);
	fputs(HEADER, out);
	return recorder;
}

/* write_name() - write a name, in quotes if it has characters of the format */
static void write_name(FILE *out, const char *name)
{
	if (!strpbrk(name, ",\"#") && *name != ' ') {
		fprintf(out, ",%s", name);
		return;
	}
	fputs(",\"", out);
	for (; *name; name++) {
		if (*name == '"')
			putc('"', out);
		putc(*name, out);
	}
	putc('"', out);
}

static void write_number(FILE *out, bool present, uint64_t number)
{
	if (present)
		fprintf(out, ",%" PRIu64, number);
	else
		putc(',', out);
}

void recorder_write(struct recorder *recorder, const struct recorder_line *line)
{
	bool alloc = !strcmp(line->op, "alloc");
	FILE *out = recorder->out;

	fprintf(out, "%" PRIu64 ",%s,%s", line->time, line->client, line->op);
	write_name(out, line->device);
	write_name(out, line->space);
	if (*line->space)
		fprintf(out, ",0x%" PRIx64, line->address);
	else
		putc(',', out);
	write_number(out, line->size, line->size);
	write_number(out, alloc, line->span);
	write_number(out, line->id, line->id);
	fprintf(out, ",%s\n", line->flags);
	if (ferror(out) && !recorder->error)
		recorder->error = errno ? errno : EIO;
}

int recorder_close(struct recorder *recorder)
{
	int error, ret = 0;

	errno = 0;
	if (fclose(recorder->out) && !recorder->error)
		recorder->error = errno ? errno : EIO;
	error = recorder->error;
	if (error)
		ret = fail("%s: %s: the trace is not complete", recorder->path,
			   strerror(error));
	free(recorder->path);
	free(recorder);
	return ret;
}

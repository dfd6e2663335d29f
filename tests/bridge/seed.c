// SPDX-License-Identifier: GPL-2.0
/*
 * bridge-seed SOCKET CLIENT [SIZE] < TRACE: send one client of the seed's trace to
 *	the allocation server's socket
 * bridge-seed --by-address < TRACE: print the trace as the protocol can express it:
 *	without ids, spans and declarations. A free of an address that its client
 *	never allocated is in the space UNKNOWN
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <uthash.h>

#include "message.h"

enum { TS, CLIENT, OP, DEVICE, SPACE, ADDRESS, BYTES, NR_FIELDS = 10 };

/* An address that a client has allocated; the key is "client address" */
struct known {
	char key[96];
	UT_hash_handle hh;
};

static struct known *known;

/* split() - split a line into fields; 0 if it is not an event */
static int split(char *line, char *fields[NR_FIELDS])
{
	if (*line == '#' || !strncmp(line, "ts_ns", 5))
		return 0;
	line[strcspn(line, "\n")] = '\0';
	for (int i = 0; i < NR_FIELDS; i++)
		fields[i] = strsep(&line, ",");
	return 1;
}

static void key_of(char *const fields[NR_FIELDS], char *key, size_t size)
{
	snprintf(key, size, "%s %s", fields[CLIENT], fields[ADDRESS]);
}

static void note(char *const fields[NR_FIELDS])
{
	struct known *entry = calloc(1, sizeof(*entry)), *found;

	key_of(fields, entry->key, sizeof(entry->key));
	HASH_FIND_STR(known, entry->key, found);
	if (found)
		free(entry);
	else
		HASH_ADD_STR(known, key, entry);
}

static int is_known(char *const fields[NR_FIELDS])
{
	struct known *found;
	char key[96];

	key_of(fields, key, sizeof(key));
	HASH_FIND_STR(known, key, found);
	return found != NULL;
}

static void print_by_address(char *const fields[NR_FIELDS])
{
	const char *space = fields[SPACE];

	if (!strcmp(fields[OP], "alloc"))
		note(fields);
	else if (!strcmp(fields[OP], "free") && !is_known(fields))
		space = "UNKNOWN";
	printf("%s,%s,%s,%s,%s,%s,%s,0,,\n", fields[TS], fields[CLIENT],
	       fields[OP], fields[DEVICE], space, fields[ADDRESS],
	       fields[BYTES]);
}

static unsigned int buffer_type(const char *space)
{
	if (!strcmp(space, "DRAM"))
		return 0;
	return strcmp(space, "L1") ? 4 : 1;
}

static void send_message(int fd, size_t size, char *const fields[NR_FIELDS])
{
	int is_alloc = !strcmp(fields[OP], "alloc");
	union message message;

	memset(&message, 0, sizeof(message));
	message.head.type = is_alloc ? ALLOC : FREE;
	message.head.device_id = atoi(fields[DEVICE] + strlen("chip"));
	message.head.process_id = getpid();
	message.head.buffer_id = strtoull(fields[ADDRESS], NULL, 0);
	if (is_alloc) {
		message.head.size = strtoull(fields[BYTES], NULL, 0);
		message.head.buffer_type = buffer_type(fields[SPACE]);
	}
	if (send(fd, message.bytes, size, 0) != (ssize_t)size)
		err(1, "send");
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err(1, "%s", path);
	return fd;
}

int main(int argc, char **argv)
{
	size_t size = argc > 3 ? atoi(argv[3]) : 144;
	int by_address = argc == 2 && !strcmp(argv[1], "--by-address");
	char line[512], *fields[NR_FIELDS], byte;
	int fd = -1;

	if (!by_address && argc < 3)
		errx(2,
		     "usage: bridge-seed SOCKET CLIENT [SIZE] | --by-address");
	if (by_address)
		puts("ts_ns,client,op,device,space,address,size,span,id,flags");
	else
		fd = connect_to(argv[1]);
	while (fgets(line, sizeof(line), stdin)) {
		if (!split(line, fields))
			continue;
		if (by_address)
			print_by_address(fields);
		else if (!strcmp(fields[CLIENT], argv[2]) &&
			 (!strcmp(fields[OP], "alloc") ||
			  !strcmp(fields[OP], "free")))
			send_message(fd, size, fields);
	}
	if (!by_address) {
		shutdown(fd, SHUT_WR);
		if (recv(fd, &byte, 1, 0))
			errx(1, "the server did not close");
	}
	return 0;
}

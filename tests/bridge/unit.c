// SPDX-License-Identifier: GPL-2.0
/*
 * bridge-unit: the parts of the bridge that need no socket and no kernel
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../../tools/trace/addresses.h"
#include "../../tools/bridge/internal.h"
#include "../../tools/trace/server-log.h"
#include "../../tools/bridge/framing.h"
#include "../../tools/bridge/wire.h"
#include "../cli/tap.h"
#include "message.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

static const size_t sizes[] = { 72, 112, 128, 144 };

/* --- framing */

static uint64_t state = 72112128144;

static uint64_t roll(uint64_t sides)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % sides;
}

/* put() - write a message as a C++ client sends it, zero except for its fields */
static size_t put(uint8_t *to, size_t size, unsigned int type)
{
	union message message;

	memset(&message, 0, sizeof(message));
	message.head.type = type;
	message.head.device_id = roll(8);
	message.head.size = roll(UINT64_MAX);
	message.head.buffer_type = type == ALLOC ? roll(5) : 0;
	message.head.process_id = roll(INT32_MAX);
	message.head.buffer_id = roll(UINT64_MAX);
	message.head.timestamp = roll(UINT64_MAX);
	memcpy(to, message.bytes, size);
	return size;
}

static size_t put_some(uint8_t *to, size_t size, unsigned int count)
{
	size_t length = 0;

	while (count--)
		length += put(to + length, size, 1 + roll(12));
	return length;
}

/* Whatever number of bytes has come, the size is right or undecided. */
static void test_every_length(size_t size)
{
	uint8_t bytes[20 * 144];
	unsigned int wrong = 0, open = 0;

	for (int round = 0; round < 200; round++) {
		size_t length = put_some(bytes, size, 7);

		for (size_t i = 1; i <= length && i < FRAMING_MAX; i++) {
			int found = framing_size(bytes, i);

			if (found == FRAMING_UNDECIDED)
				open += i >= size + WIRE_DECISIVE;
			else
				wrong += found != (int)size;
		}
	}
	test(!wrong && !open,
	     "%zu bytes: the size is right for every length of the stream (%u wrong, %u late)",
	     size, wrong, open);
}

static void test_alone(size_t size)
{
	uint8_t bytes[144];
	size_t length = put(bytes, size, ALLOC);

	test(framing_size(bytes, length) ==
			     (size == 144 ? 144 : FRAMING_UNDECIDED) &&
		     framing_size_after_pause(bytes, length) == (int)size,
	     "%zu bytes: a pause reveals a single message", size);
	for (size_t i = 1; i < size; i++)
		if (!wire_is_size(i) &&
		    framing_size_after_pause(bytes, i) != FRAMING_UNDECIDED)
			test(false, "%zu of %zu bytes are not a message", i,
			     size);
}

/* A request may have garbage in the fields for answers. */
static void test_garbage(size_t size)
{
	uint8_t bytes[8 * 144];
	unsigned int wrong = 0, undecided = 0;

	for (int round = 0; round < 500; round++) {
		size_t length = put_some(bytes, size, 7);
		int found;

		for (size_t at = 0; at < length; at += size)
			for (size_t i = WIRE_HEAD; i < size; i++)
				bytes[at + i] = 1 + roll(255);
		found = framing_size(bytes, length);
		wrong += found > 0 && found != (int)size;
		undecided += found <= 0;
	}
	test(!wrong && !undecided,
	     "%zu bytes: garbage after the heads is ignored (%u wrong, %u undecided)",
	     size, wrong, undecided);
}

static void test_twins(void)
{
	uint8_t bytes[1008];

	for (size_t i = 0; i < NR(sizes); i++)
		test(framing_size(bytes,
				  put_some(bytes, sizes[i], 1008 / sizes[i])) ==
			     (int)sizes[i],
		     "1008 bytes are %zu messages of %zu", 1008 / sizes[i],
		     sizes[i]);
}

static void test_nonsense(void)
{
	uint8_t bytes[FRAMING_MAX];
	unsigned int taken = 0;

	memset(bytes, 0, sizeof(bytes));
	test(framing_size(bytes, 1) == FRAMING_INVALID, "type 0 is invalid");
	bytes[0] = 13;
	test(framing_size(bytes, 1) == FRAMING_INVALID, "type 13 is invalid");
	bytes[0] = 1;
	bytes[2] = 1;
	test(framing_size(bytes, 3) == FRAMING_INVALID, "padding must be zero");
	bytes[2] = 0;
	bytes[5] = 1;
	test(framing_size(bytes, 8) == FRAMING_INVALID,
	     "device 256 is invalid in a report");
	bytes[0] = QUERY;
	test(framing_size(bytes, 8) == FRAMING_UNDECIDED,
	     "a query may name any device");
	bytes[0] = ALLOC;
	bytes[5] = 0;
	test(framing_size(bytes, 145) == FRAMING_INVALID,
	     "a message has at most 144 bytes");
	for (int round = 0; round < 10000; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = roll(256);
		taken += framing_size(bytes, sizeof(bytes)) != FRAMING_INVALID;
	}
	test(!taken, "random bytes are invalid (%u accepted)", taken);
	memcpy(bytes, "GET / HTTP/1.1\r\n\r\n", 18);
	test(framing_size(bytes, 18) == FRAMING_INVALID, "HTTP is invalid");
}

/* --- the wire */

static void test_decode(void)
{
	union message message;
	struct wire_message got;

	memset(&message, 0, sizeof(message));
	message.head.type = CB_FREE;
	message.head.device_id = -1;
	message.head.size = UINT64_C(0x1122334455667788);
	message.head.buffer_type = 4;
	message.head.process_id = 4711;
	message.head.buffer_id = UINT64_C(0x8877665544332211);
	wire_decode(message.bytes, &got);
	test(got.type == CB_FREE && got.device == -1 &&
		     got.size == message.head.size && got.buffer_type == 4 &&
		     got.pid == 4711 && got.address == message.head.buffer_id,
	     "each field of a message is at its offset");
}

static const struct wire_answer full = {
	.type = RESPONSE,
	.device = 3,
	.dram = 1,
	.l1 = 2,
	.l1_small = 3,
	.trace = 4,
	.cb = 5,
	.kernel = 6,
	.total_dram = 7,
	.total_l1 = 8,
	.arch = 9,
	.channels = 10,
	.dram_per_channel = 11,
	.l1_per_core = 12,
	.is_available = 13,
	.nr_devices = 14,
};

static bool tail_is_right(const struct tail *tail)
{
	return tail->total_dram_size == 7 && tail->total_l1_size == 8 &&
	       tail->arch == 9 && tail->num_dram_channels == 10 &&
	       tail->dram_per_channel == 11 && tail->l1_per_core == 12 &&
	       tail->is_available == 13 && tail->num_devices == 14;
}

static void test_encode(size_t size)
{
	union message message;
	const struct head *head = &message.head;
	bool right;

	wire_encode(&full, size, message.bytes);
	right = head->type == RESPONSE && head->device_id == 3 && !head->size &&
		!head->process_id && !head->buffer_id &&
		head->dram_allocated == 1 && head->l1_allocated == 2 &&
		head->l1_small_allocated == 3 && head->trace_allocated == 4;
	if (size == 112)
		right = right && tail_is_right(&message.v2.tail);
	if (size >= 128)
		right = right && message.v3.middle.cb_allocated == 5 &&
			message.v3.middle.kernel_allocated == 6 &&
			tail_is_right(&message.v3.tail);
	if (size == 144)
		right = right && !message.v4.ringbuffer_total &&
			!message.v4.ringbuffer_used && !message.v4.pad;
	test(right, "each field of an answer of %zu bytes is at its offset",
	     size);
}

/* --- addresses */

static int free_space(struct addresses *known, unsigned int device,
		      uint64_t address)
{
	return addresses_note_free(known, device, address, ADDRESS_ANY_SPACE)
		.space;
}

static void test_spaces(void)
{
	struct address_pool pool = { .max = 100 };
	struct addresses *known = addresses_new(&pool, 100);

	test(free_space(known, 0, 7) == -1,
	     "an address that was never allocated is unknown");
	addresses_note_alloc(known, 0, 7, SPACE_L1, 1);
	addresses_note_alloc(known, 0, 7, SPACE_DRAM, 1);
	addresses_note_alloc(known, 1, 7, SPACE_TRACE, 1);
	test(free_space(known, 0, 7) == SPACE_DRAM,
	     "a free goes to the space of the latest allocation");
	test(free_space(known, 0, 7) == SPACE_L1,
	     "the next free goes to the other space");
	test(free_space(known, 0, 7) == SPACE_L1 &&
		     free_space(known, 0, 7) == SPACE_L1,
	     "further frees go to the space of the latest free");
	addresses_note_alloc(known, 0, 7, SPACE_DRAM, 1);
	test(free_space(known, 0, 7) == SPACE_DRAM &&
		     free_space(known, 1, 7) == SPACE_TRACE,
	     "an address can be allocated again, and on each device separately");
	addresses_free(known);
	test(!pool.used, "freeing the map frees its addresses");
}

static void test_all_spaces(void)
{
	struct address_pool pool = { .max = 100 };
	struct addresses *known = addresses_new(&pool, 100);
	unsigned int wrong = 0;

	for (unsigned int space = 0; space < ADDRESS_SPACES; space++)
		addresses_note_alloc(known, 0, 7, space, 1);
	for (int space = ADDRESS_SPACES - 1; space >= 0; space--)
		wrong += free_space(known, 0, 7) != space;
	test(!wrong && addresses_count(known) == 1,
	     "an address can be live in every space");
	addresses_free(known);
}

static void test_room(void)
{
	struct address_pool pool = { .max = 6 };
	struct addresses *known = addresses_new(&pool, 4);
	struct addresses *other = addresses_new(&pool, 4);

	for (uint64_t i = 0; i < 4; i++)
		addresses_note_alloc(known, 0, i, 0, 1);
	test(addresses_note_alloc(known, 0, 4, 0, 1) == -1,
	     "live addresses are never dropped for room");
	free_space(known, 0, 1);
	free_space(known, 0, 3);
	free_space(known, 0, 1);
	test(!addresses_note_alloc(known, 0, 5, 0, 1) &&
		     free_space(known, 0, 1) == -1 &&
		     free_space(known, 0, 3) == 0,
	     "the map drops its oldest freed address; a repeated free does not make it younger");
	test(!addresses_note_alloc(other, 0, 1, 0, 1) &&
		     !addresses_note_alloc(other, 0, 2, 0, 1) &&
		     !addresses_note_alloc(other, 0, 3, 0, 1) &&
		     free_space(known, 0, 3) == -1,
	     "the pool drops its oldest freed address");
	test(addresses_note_alloc(other, 0, 4, 0, 1) == -1 && pool.used == 6,
	     "the maps share the pool");
	test(addresses_has_dropped(known) && !addresses_has_dropped(other),
	     "a map knows whether it has dropped addresses");
	addresses_free(known);
	test(pool.used == 3 && !addresses_note_alloc(other, 0, 4, 0, 1),
	     "freeing a map leaves room in the pool");
	addresses_free(other);
}

/* note_many() - allocate until there is no room, and return how many fitted */
static uint64_t note_many(struct addresses *addresses)
{
	while (addresses_note_alloc(addresses, 0, addresses_count(addresses), 0,
				    1) != ADDRESS_NO_ROOM)
		;
	return addresses_count(addresses);
}

static void test_shares(void)
{
	struct address_pool all = { .max = 16 };
	struct address_pool one = { .all = &all }, other = { .all = &all };
	struct addresses *ones = addresses_new(&one, 100);
	struct addresses *others = addresses_new(&other, 100);

	test(note_many(ones) == 12 && note_many(others) == 3,
	     "a user gets three quarters of what the others leave");
	free_space(ones, 0, 3);
	test(!addresses_note_alloc(ones, 0, 20, 0, 1) &&
		     addresses_contains(others, 0, 0) && all.used == 15,
	     "a user without room drops a freed address of his own");
	addresses_free(ones);
	test(all.used == 3 && note_many(others) == 12,
	     "freeing a map leaves room for the others");
	addresses_note_alloc(others, 0, 0, 0, 1);
	test(all.references == 1 && !other.references,
	     "references are counted for all users together");
	addresses_free(others);
	test(!all.used && !all.references, "freeing the last map leaves none");
}

/* --- identity */

static void check_name(const char *name, int32_t claimed, const char *expected)
{
	const struct identity identity = {
		.pid = 100,
		.name = name,
		.claimed = claimed,
	};
	char got[BUFTRACK_CLAIMED_NAME_SIZE];

	identity_text(&identity, got);
	test(!strcmp(got, expected), "%s", got);
}

/* --- the allocation server's log */

static const struct {
	const char *text;
	struct log_line line;
} lines[] = {
	{ "✓ [PID 12] Allocated 4096 bytes of DRAM on device 3 (buffer_id=2560032)",
	  { LOG_ALLOCATED, 12, true, 3, 2560032, 4096, "DRAM", 0, false } },
	{ "✓ [PID 12] Allocated 4096 bytes of L1_SMALL on device 3 (buffer_id=0x1aB, ref_count=2)",
	  { LOG_ALLOCATED, 12, true, 3, 0x1ab, 4096, "L1_SMALL", 2, false } },
	{ "12:00:01 server:  [PID 1]   Allocated\t5  bytes of  SYSTEM_MEMORY  on device 0  ( buffer_id= 9 )  ",
	  { LOG_ALLOCATED, 1, true, 0, 9, 5, "SYSTEM_MEMORY", 0, false } },
	{ "✗ [PID 12] Freed buffer 0x10 on device 1 (4096 bytes, FINAL)",
	  { LOG_FREED, 12, true, 1, 16, 0, "", 0, true } },
	{ "✗ [PID 12] Freed buffer 0x10 on device 1 (4096 bytes, ref_count=1 remaining)",
	  { LOG_FREED, 12, true, 1, 16, 0, "", 1, true } },
	{ "✗ [PID 12345] Freed buffer 140523453210624 (104857600 bytes)",
	  { LOG_FREED, 12345, false, 0, UINT64_C(140523453210624), 0, "", 0,
	    true } },
	{ "⚠ [PID 12] Deallocation for unknown buffer 0x10 on device 1 (allocated before tracking started)",
	  { LOG_FREED, 12, true, 1, 16, 0, "", 0, false } },
	{ "⚠ Warning: Deallocation for unknown buffer 1073739776",
	  { LOG_FREED, 0, false, 0, 1073739776, 0, "", 0, false } },
	{ "⚠ [PID 12] Deallocation for ALREADY FREED buffer 0x10 on device 1 (allocs=1 frees=2)",
	  { LOG_FREED, 12, true, 1, 16, 0, "", 0, false } },
	{ "[PID 1] Allocated 1 bytes of L1 on device 0 (buffer_id=0x1",
	  { LOG_ALLOCATED, 1, true, 0, 1, 1, "L1", 0, false } },
	{ "📊 Current Statistics:", { .form = LOG_OTHER } },
	{ "    DRAM: 5242880 bytes (5120.0 KB)", { .form = LOG_OTHER } },
	{ "Total tracked allocations: 42", { .form = LOG_OTHER } },
	{ "    - Buffer 0x123456: 100.0 KB (PID 12345, ref_count=2)",
	  { .form = LOG_OTHER } },
	{ "✓ [CB_ALLOC] Device 0: +0.25 MB (Total: 0.25 MB)",
	  { .form = LOG_OTHER } },
	{ "", { .form = LOG_OTHER } },
	{ "[PID x] Freed buffer 1 on device 0", { .form = LOG_MALFORMED } },
	{ "[PID 1] Freed buffer 0x on device 0", { .form = LOG_MALFORMED } },
	{ "[PID 1] Freed buffer -1 on device 0", { .form = LOG_MALFORMED } },
	{ "[PID 1] Freed buffer 1 on device zero", { .form = LOG_MALFORMED } },
	{ "[PID 1] Freed buffer 18446744073709551616 on device 0",
	  { .form = LOG_MALFORMED } },
	{ "[PID 1] Allocated many bytes of L1 on device 0 (buffer_id=1)",
	  { .form = LOG_MALFORMED } },
	{ "[PID 1] Allocated 1 bytes of L1 on device 0 (buffer_id=0xg)",
	  { .form = LOG_MALFORMED } },
	{ "[PID 1] Allocated 1 bytes of L1 on dev", { .form = LOG_MALFORMED } },
};

static bool same_line(const struct log_line *a, const struct log_line *b)
{
	if (a->form != b->form)
		return false;
	if (a->form == LOG_OTHER || a->form == LOG_MALFORMED)
		return true;
	return a->pid == b->pid && a->has_device == b->has_device &&
	       a->device == b->device && a->address == b->address &&
	       a->references == b->references && a->was_live == b->was_live &&
	       (a->form == LOG_FREED ||
		(a->size == b->size && !strcmp(a->space, b->space)));
}

static void test_lines(void)
{
	for (size_t i = 0; i < NR(lines); i++) {
		struct trace_error error = { .line = 1 };
		struct log_line got;

		server_log_parse(lines[i].text, &got, &error);
		test(same_line(&got, &lines[i].line) &&
			     (got.form != LOG_MALFORMED || *error.text),
		     "log: '%s'", lines[i].text);
	}
}

/* Reports of a log, one letter each: alloc, free, gap; a space for each client */
static int take_event(void *context, const struct trace_event *event,
		      struct trace_error *error)
{
	static const char letters[] = {
		[TRACE_OPEN] = ' ',
		[TRACE_ALLOC] = 'a',
		[TRACE_FREE] = 'f',
		[TRACE_GAP] = 'g',
	};
	char *events = context;

	(void)error;
	events[strlen(events)] = letters[event->op];
	return 0;
}

static int stay_idle(void *context, struct trace_error *error)
{
	(void)context;
	(void)error;
	return 0;
}

static void check_log(const char *text, const char *expected, const char *what)
{
	char events[100] = "";
	const struct trace_sink sink = { take_event, stay_idle, events };
	struct trace_error error;
	FILE *file = tmpfile();
	struct server_log *log = server_log_new(fileno(file));

	fputs(text, file);
	rewind(file);
	test(!server_log_read(log, &sink, &error) && !strcmp(events, expected),
	     "%s: '%s'", what, events);
	server_log_free(log);
	fclose(file);
}

#define ALLOCATED(pid, size, more)      \
	"[PID " pid "] Allocated " size \
	" bytes of L1 on device 0 (buffer_id=0x10" more ")\n"
#define FREED(pid, more) \
	"[PID " pid "] Freed buffer 0x10 on device 0 (" more ")\n"
#define UNKNOWN_FREED(pid) \
	"[PID " pid "] Deallocation for unknown buffer 0x10 on device 0 (x)\n"

static void test_log_references(void)
{
	check_log(ALLOCATED("7", "8", "") ALLOCATED("7", "8", ", ref_count=2")
			  FREED("7", "8 bytes, ref_count=1 remaining")
				  FREED("7", "8 bytes, FINAL")
					  UNKNOWN_FREED("7"),
		  " aff", "the first alloc and the last free are reports");
	check_log(ALLOCATED("7", "8", "") ALLOCATED("7", "8", "")
			  FREED("7", "8 bytes") UNKNOWN_FREED("7"),
		  " af", "a log of a server that counts no references");
	check_log(ALLOCATED("7", "8", "") ALLOCATED("7", "9", ", ref_count=2"),
		  " afa", "a larger reference replaces the buffer");
	check_log(ALLOCATED("7", "8", ", ref_count=3")
			  FREED("7", "8 bytes, ref_count=2 remaining")
				  FREED("7", "8 bytes, ref_count=1 remaining")
					  FREED("7", "8 bytes, FINAL"),
		  " af", "a log that begins late");
	check_log(ALLOCATED("7", "8", "") FREED("7", "FINAL")
			  ALLOCATED("8", "8", "") FREED("7", "8 bytes, FINAL"),
		  " af ag", "a free of another process's buffer is not judged");
	check_log(ALLOCATED("7", "8", "") ALLOCATED("7", "8", ", ref_count=2")
			  FREED("8", "8 bytes, ref_count=1 remaining")
				  FREED("7", "8 bytes, FINAL")
					  UNKNOWN_FREED("7"),
		  " a ff", "a child's frees are its own");
}

struct received {
	uint8_t bytes[1 << 14];
	size_t length;
};

static int receive(void *context, const uint8_t *bytes, size_t size)
{
	struct received *received = context;

	memcpy(received->bytes + received->length, bytes, size);
	received->length += size;
	return 0;
}

/* feed() - feed the next @piece bytes after those that are held */
static int feed(struct framing *framing, const uint8_t *bytes, size_t piece,
		struct received *received)
{
	uint8_t input[FRAMING_MAX + 1024];
	size_t held = framing->nr_held;

	memcpy(input, framing->held, held);
	memcpy(input + held, bytes, piece);
	return framing_feed(framing, input, held + piece, receive, received);
}

static void test_pieces(size_t size)
{
	uint8_t stream[50 * 144];
	unsigned int wrong = 0;

	for (int round = 0; round < 100; round++) {
		struct framing framing = { .size = 0 };
		struct received received = { .length = 0 };
		size_t length = put_some(stream, size, 50), piece;

		for (size_t at = 0; at < length; at += piece) {
			piece = 1 + roll(400);
			if (piece > length - at)
				piece = length - at;
			wrong += feed(&framing, stream + at, piece,
				      &received) != 0;
		}
		wrong += received.length != length || framing_rest(&framing) ||
			 memcmp(received.bytes, stream, length);
	}
	test(!wrong, "%zu bytes: all messages arrive whatever the pieces",
	     size);
}

static void test_early(void)
{
	struct framing framing = { .size = 0 };
	struct received received = { .length = 0 };
	uint8_t stream[2 * 144];

	put_some(stream, 144, 2);
	feed(&framing, stream, 72, &received);
	framing_pause(&framing, receive, &received);
	framing_pause(&framing, receive, &received);
	test(received.length == 72 && !framing_rest(&framing),
	     "a pause delivers half a message, once");
	feed(&framing, stream + 72, 144 + 72, &received);
	test(framing.size == 144 && received.length == 72 + 144,
	     "its other half corrects the size and delivers nothing twice");
	framing = (struct framing){ .size = 72 };
	stream[0] = 0;
	test(feed(&framing, stream, 72, &received) == FRAMING_INVALID &&
		     !framing.nr_held,
	     "an invalid message ends the stream");
}

int main(void)
{
	for (size_t i = 0; i < NR(sizes); i++) {
		test_every_length(sizes[i]);
		test_alone(sizes[i]);
		test_garbage(sizes[i]);
		test_pieces(sizes[i]);
		test_encode(sizes[i]);
	}
	test_twins();
	test_early();
	test_nonsense();
	test_decode();
	test_spaces();
	test_all_spaces();
	test_room();
	test_shares();
	check_name("python3", 0, "python3");
	check_name("python3", 100, "python3");
	check_name("python3", 7, "python3 (says pid 7)");
	check_name("", 7, "ended (says pid 7)");
	test_lines();
	test_log_references();
	return finish();
}

// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Unwind rules from .eh_frame
 *
 * Few rules occur in code that compilers write: the canonical frame address lies at a
 * constant distance from the stack pointer or from the frame pointer, or is stored beside the
 * frame pointer where a function aligned its stack; the frame pointer is saved at a constant
 * distance from it. Anything else ends the walk. The tables belong to files that the
 * loader mapped; reads stay within their segment.
 */
#include <elf.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "unwind.h"

#define MAX_SAVED 8 /* states that DW_CFA_remember_state keeps */

enum {
	PE_ABSOLUTE = 0x00,
	PE_UDATA4 = 0x03,
	PE_SDATA4 = 0x0b,
	PE_SDATA8 = 0x0c,
	PE_UDATA8 = 0x04,
	PE_FORMAT = 0x0f,
	PE_PCREL = 0x10,
	PE_DATAREL_SDATA4 = 0x3b,
};

/* Numbers of the registers in DWARF for x86-64 */
enum {
	REGISTER_BP = 6,
	REGISTER_SP = 7,
	REGISTER_RETURN = 16,
};

/* struct cursor - a part of a table; what lies past its end reads as 0 */
struct cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool overrun;
};

struct find {
	uint64_t address;
	const struct dl_phdr_info *info;
	const ElfW(Phdr) * text;
};

static uint64_t read_fixed(struct cursor *c, size_t size)
{
	uint64_t value = 0;

	if ((size_t)(c->end - c->at) < size) {
		c->at = c->end;
		c->overrun = true;
		return 0;
	}
	memcpy(&value, c->at, size);
	c->at += size;
	return value;
}

static uint64_t read_uleb(struct cursor *c)
{
	uint64_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)read_fixed(c, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
}

static int64_t read_sleb(struct cursor *c)
{
	uint64_t value = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)read_fixed(c, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (byte & 0x40 && shift < 64)
		value |= ~UINT64_C(0) << shift;
	return (int64_t)value;
}

static void skip(struct cursor *c, uint64_t size)
{
	if (size > (uint64_t)(c->end - c->at)) {
		c->overrun = true;
		size = (uint64_t)(c->end - c->at);
	}
	c->at += size;
}

static uint64_t read_encoded(struct cursor *c, uint8_t encoding)
{
	uint64_t place = (uint64_t)(uintptr_t)c->at;
	uint64_t value;

	switch (encoding & PE_FORMAT) {
	case PE_UDATA4:
		value = read_fixed(c, 4);
		break;
	case PE_SDATA4:
		value = (uint64_t)(int32_t)read_fixed(c, 4);
		break;
	case PE_ABSOLUTE:
	case PE_SDATA8:
	case PE_UDATA8:
		value = read_fixed(c, 8);
		break;
	default:
		c->overrun = true;
		return 0;
	}
	return (encoding & 0x70) == PE_PCREL ? value + place : value;
}

/* struct state - the rules at an address, while the instructions run */
struct state {
	struct unwind_rule rule;
	uint64_t cfa_register;
	bool end;
};

/* struct entry - an FDE and its CIE */
struct entry {
	uint64_t start;
	uint64_t length;
	uint64_t code_factor;
	int64_t data_factor;
	uint64_t return_register;
	uint8_t encoding; /* of addresses in the FDE */
	bool augmented;
	struct cursor initial;
	struct cursor instructions;
};

static void read_augmentation(struct cursor *c, const char *text,
			      struct entry *entry)
{
	uint64_t length = read_uleb(c);
	struct cursor data = *c;

	skip(c, length);
	for (text++; *text; text++)
		switch (*text) {
		case 'R':
			entry->encoding = (uint8_t)read_fixed(&data, 1);
			break;
		case 'L':
			read_fixed(&data, 1);
			break;
		case 'P':
			read_encoded(&data, (uint8_t)read_fixed(&data, 1));
			break;
		default:
			/* 'S', the frame of a signal handler, saves every register. */
			c->overrun = true;
		}
}

static bool read_cie(const uint8_t *at, const uint8_t *end, struct entry *entry)
{
	struct cursor c = { .at = at, .end = end };
	uint64_t length = read_fixed(&c, 4);
	const char *text;

	if (length > (uint64_t)(c.end - c.at))
		return false;
	c.end = c.at + length;
	if (read_fixed(&c, 4) != 0 || read_fixed(&c, 1) != 1)
		return false;
	text = (const char *)c.at;
	skip(&c, strnlen(text, (size_t)(c.end - c.at)) + 1);
	entry->code_factor = read_uleb(&c);
	entry->data_factor = read_sleb(&c);
	entry->return_register = read_fixed(&c, 1);
	if (*text == 'z') {
		entry->augmented = true;
		read_augmentation(&c, text, entry);
	} else if (*text) {
		return false;
	}
	entry->initial = c;
	return !c.overrun && entry->return_register == REGISTER_RETURN;
}

static bool read_fde(const uint8_t *at, const uint8_t *start,
		     const uint8_t *end, struct entry *entry)
{
	struct cursor c = { .at = at, .end = end };
	uint64_t length = read_fixed(&c, 4);
	const uint8_t *cie = c.at;
	uint64_t distance;

	if (!length || length > (uint64_t)(c.end - c.at))
		return false;
	c.end = c.at + length;
	distance = read_fixed(&c, 4);
	if (!distance || distance > (uint64_t)(cie - start) ||
	    !read_cie(cie - distance, end, entry))
		return false;
	entry->start = read_encoded(&c, entry->encoding);
	entry->length = read_encoded(&c, entry->encoding & PE_FORMAT);
	if (entry->augmented)
		skip(&c, read_uleb(&c));
	entry->instructions = c;
	return !c.overrun;
}

/*
 * read_expression() - the one that a function uses which aligned its stack
 *
 * It is: breg6 (the frame pointer) plus a constant, deref.
 */
static void read_expression(struct cursor *c, struct state *state)
{
	uint64_t length = read_uleb(c);
	struct cursor data = *c;

	skip(c, length);
	state->rule.base = UNWIND_UNKNOWN;
	state->cfa_register = 0;
	if (read_fixed(&data, 1) != 0x70 + REGISTER_BP)
		return;
	state->rule.offset = (int32_t)read_sleb(&data);
	if (read_fixed(&data, 1) == 0x06 && data.at == c->at)
		state->rule.base = UNWIND_AT_BP;
}

static void set_cfa(struct state *state, uint64_t number, int64_t offset)
{
	state->cfa_register = number;
	state->rule.offset = (int32_t)offset;
	state->rule.base = number == REGISTER_SP ? UNWIND_SP :
			   number == REGISTER_BP ? UNWIND_BP :
						   UNWIND_UNKNOWN;
}

/* set_saved() - a register is saved at an offset from the canonical frame address */
static void set_saved(struct state *state, uint64_t number, int64_t offset)
{
	if (number == REGISTER_BP)
		state->rule.saved_bp = (int16_t)offset;
	else if (number == REGISTER_RETURN && offset != -8)
		state->rule.base = UNWIND_UNKNOWN;
}

/* saved_by_expression() - the frame pointer of such a function lies where it points */
static void saved_by_expression(struct cursor *c, struct state *state)
{
	uint64_t number = read_uleb(c);
	uint64_t length = read_uleb(c);
	struct cursor data = *c;

	skip(c, length);
	if (number != REGISTER_BP && number != REGISTER_RETURN)
		return;
	if (number == REGISTER_BP &&
	    read_fixed(&data, 1) == 0x70 + REGISTER_BP &&
	    read_sleb(&data) == 0 && data.at == c->at)
		state->rule.saved_bp = 1;
	else
		state->rule.base = UNWIND_UNKNOWN;
}

static uint64_t advance(struct cursor *c, uint8_t op)
{
	switch (op) {
	case 0x02:
		return read_fixed(c, 1);
	case 0x03:
		return read_fixed(c, 2);
	default:
		return read_fixed(c, 4);
	}
}

/* execute() - one instruction that is in a byte of its own; false: it is unknown */
static bool execute(struct cursor *c, uint8_t op, const struct entry *entry,
		    struct state *state, const struct state *initial)
{
	uint64_t number;

	switch (op) {
	case 0x00: /* nop */
		return true;
	case 0x05: /* offset_extended */
		number = read_uleb(c);
		set_saved(state, number,
			  (int64_t)read_uleb(c) * entry->data_factor);
		return true;
	case 0x06: /* restore_extended */
		if (read_uleb(c) == REGISTER_BP)
			state->rule.saved_bp = initial->rule.saved_bp;
		return true;
	case 0x07: /* undefined */
		if (read_uleb(c) == REGISTER_RETURN)
			state->end = true;
		return true;
	case 0x08: /* same_value */
		if (read_uleb(c) == REGISTER_BP)
			state->rule.saved_bp = 0;
		return true;
	case 0x0c: /* def_cfa */
		number = read_uleb(c);
		set_cfa(state, number, (int64_t)read_uleb(c));
		return true;
	case 0x0d: /* def_cfa_register */
		set_cfa(state, read_uleb(c), state->rule.offset);
		return true;
	case 0x0e: /* def_cfa_offset */
		set_cfa(state, state->cfa_register, (int64_t)read_uleb(c));
		return true;
	case 0x0f: /* def_cfa_expression */
		read_expression(c, state);
		return true;
	case 0x10: /* expression */
		saved_by_expression(c, state);
		return true;
	case 0x2e: /* GNU_args_size */
		read_uleb(c);
		return true;
	default:
		return false;
	}
}

/* run() - run instructions up to an address; false: they are not understood */
static bool run(struct cursor c, const struct entry *entry, uint64_t address,
		struct state *state, const struct state *initial)
{
	struct state saved[MAX_SAVED];
	unsigned int depth = 0;
	uint64_t at = entry->start;

	while (c.at < c.end && !c.overrun) {
		uint8_t op = (uint8_t)read_fixed(&c, 1);

		switch (op >> 6) {
		case 1: /* advance_loc */
			at += (op & 0x3f) * entry->code_factor;
			break;
		case 2: /* offset */
			set_saved(state, op & 0x3f,
				  (int64_t)read_uleb(&c) * entry->data_factor);
			break;
		case 3: /* restore */
			if ((op & 0x3f) == REGISTER_BP)
				state->rule.saved_bp = initial->rule.saved_bp;
			break;
		default:
			if (op >= 0x02 && op <= 0x04) {
				at += advance(&c, op) * entry->code_factor;
			} else if (op == 0x0a) {
				if (depth == MAX_SAVED)
					return false;
				saved[depth++] = *state;
			} else if (op == 0x0b) {
				if (!depth)
					return false;
				*state = saved[--depth];
			} else if (!execute(&c, op, entry, state, initial)) {
				return false;
			}
		}
		if (at > address)
			break;
	}
	return !c.overrun;
}

static void apply(const struct entry *entry, uint64_t address, uint64_t mark,
		  struct unwind_rule *rule)
{
	struct state none = { 0 }, initial = { 0 }, state;

	if (!run(entry->initial, entry, UINT64_MAX, &initial, &none))
		return;
	state = initial;
	if (!run(entry->instructions, entry, address, &state, &initial))
		return;
	if (state.end)
		state.rule.base = UNWIND_END;
	*rule = state.rule;
	rule->is_mark = mark && entry->start == mark;
}

/* find_fde() - the FDE of an address, by the table of .eh_frame_hdr */
static const uint8_t *find_fde(const uint8_t *header, const uint8_t *end,
			       uint64_t address)
{
	struct cursor c = { .at = header, .end = end };
	int64_t wanted = (int64_t)(address - (uint64_t)(uintptr_t)header);
	uint8_t frame_encoding, count_encoding, table_encoding;
	uint64_t low = 0, high, middle;
	const uint8_t *table;
	int32_t pair[2];

	if (read_fixed(&c, 1) != 1)
		return NULL;
	frame_encoding = (uint8_t)read_fixed(&c, 1);
	count_encoding = (uint8_t)read_fixed(&c, 1);
	table_encoding = (uint8_t)read_fixed(&c, 1);
	read_encoded(&c, frame_encoding);
	high = read_encoded(&c, count_encoding);
	table = c.at;
	if (c.overrun || table_encoding != PE_DATAREL_SDATA4 ||
	    high > (uint64_t)(end - table) / sizeof(pair))
		return NULL;
	while (low < high) {
		middle = low + (high - low) / 2;
		memcpy(pair, table + middle * sizeof(pair), sizeof(pair));
		if (pair[0] <= wanted)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	memcpy(pair, table + (low - 1) * sizeof(pair), sizeof(pair));
	return header + pair[1];
}

/* segment_of() - the readable segment of a file that holds an address */
static bool segment_of(const struct dl_phdr_info *info, const uint8_t *address,
		       const uint8_t **start, const uint8_t **end)
{
	unsigned int i;

	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		const uint8_t *first =
			(const uint8_t *)(uintptr_t)(info->dlpi_addr +
						     header->p_vaddr);

		if (header->p_type == PT_LOAD && header->p_flags & PF_R &&
		    address >= first && address < first + header->p_memsz) {
			*start = first;
			*end = first + header->p_memsz;
			return true;
		}
	}
	return false;
}

static void find_rule(const struct find *find, const ElfW(Phdr) * tables,
		      uint64_t mark, struct unwind_rule *rule)
{
	const uint8_t *header =
		(const uint8_t *)(uintptr_t)(find->info->dlpi_addr +
					     tables->p_vaddr);
	struct entry entry = { 0 };
	const uint8_t *fde, *start, *end;

	if (!segment_of(find->info, header, &start, &end))
		return;
	fde = find_fde(header, end, find->address);
	if (!fde || !segment_of(find->info, fde, &start, &end) ||
	    !read_fde(fde, start, end, &entry) ||
	    find->address - entry.start >= entry.length)
		return;
	apply(&entry, find->address, mark, rule);
}

static void find_build_id(const struct dl_phdr_info *info,
			  const ElfW(Phdr) * header,
			  struct unwind_module *module)
{
	struct cursor c = {
		.at = (const uint8_t *)(uintptr_t)(info->dlpi_addr +
						   header->p_vaddr),
	};
	uint64_t name_size, size, type;
	const uint8_t *name;

	c.end = c.at + header->p_memsz;
	while (c.at < c.end && !c.overrun) {
		name_size = read_fixed(&c, 4);
		size = read_fixed(&c, 4);
		type = read_fixed(&c, 4);
		name = c.at;
		skip(&c, (name_size + 3) & ~UINT64_C(3));
		if (!c.overrun && type == NT_GNU_BUILD_ID && name_size == 4 &&
		    !memcmp(name, "GNU", 4) && size <= 64 &&
		    size <= (uint64_t)(c.end - c.at)) {
			module->build_id = c.at;
			module->build_id_size = (uint32_t)size;
			return;
		}
		skip(&c, (size + 3) & ~UINT64_C(3));
	}
}

static void set_path(const struct dl_phdr_info *info,
		     struct unwind_module *module)
{
	ssize_t length = 0;

	if (info->dlpi_name && info->dlpi_name[0]) {
		strncpy(module->path, info->dlpi_name,
			sizeof(module->path) - 1);
		return;
	}
	length = readlink("/proc/self/exe", module->path,
			  sizeof(module->path) - 1);
	if (length < 0)
		module->path[0] = '\0';
}

static void fill_module(const struct find *find, struct unwind_module *module)
{
	const struct dl_phdr_info *info = find->info;
	unsigned int i;

	memset(module, 0, sizeof(*module));
	module->start = info->dlpi_addr + find->text->p_vaddr;
	module->length = find->text->p_memsz;
	module->offset = find->text->p_offset;
	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_NOTE &&
		    !module->build_id_size)
			find_build_id(info, &info->dlpi_phdr[i], module);
	set_path(info, module);
}

struct request {
	struct find find;
	uint64_t mark;
	struct unwind_rule *rule;
	struct unwind_module *module;
};

/* examine() - a callback of dl_iterate_phdr(): is the address in this file? */
static int examine(struct dl_phdr_info *info, size_t size, void *data)
{
	struct request *request = data;
	struct find *find = &request->find;
	const ElfW(Phdr) *tables = NULL;
	unsigned int i;

	(void)size;
	find->text = NULL;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (header->p_type == PT_LOAD && header->p_flags & PF_X &&
		    find->address - info->dlpi_addr - header->p_vaddr <
			    header->p_memsz)
			find->text = header;
		else if (header->p_type == PT_GNU_EH_FRAME)
			tables = header;
	}
	if (!find->text)
		return 0;
	find->info = info;
	if (tables)
		find_rule(find, tables, request->mark, request->rule);
	if (request->module)
		fill_module(find, request->module);
	return 1;
}

bool unwind_find(uint64_t address, uint64_t mark, struct unwind_rule *rule,
		 struct unwind_module *module)
{
	struct request request = {
		/* A return address may be the end of its function. */
		.find.address = address - 1,
		.mark = mark,
		.rule = rule,
		.module = module,
	};

	memset(rule, 0, sizeof(*rule));
	return dl_iterate_phdr(examine, &request) != 0;
}

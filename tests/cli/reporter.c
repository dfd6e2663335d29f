// SPDX-License-Identifier: GPL-2.0
/*
 * cli-reporter DEVICE: reads reports from standard input, one per line, submits them
 * and prints their verdicts
 *
 *   declare [late] [shared] [first=ID] [claim=NAME]
 *   alloc SPACE ADDRESS SIZE [id=N] [site=N] [span=N]      span defaults to SIZE
 *   free SPACE ADDRESS [id=N] [site=N] [size=N] [refused]
 *   use SPACE ADDRESS [id=N] [site=N] [size=N]
 *   many COUNT free ...      COUNT times, in batches; prints the last verdict
 *   lost COUNT
 *   nice COUNT               COUNT buffers of 4 KiB in DRAM with different sites and ids
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libbuftrack.h>

#define BATCH 4096

static struct buftrack_device *device;

static uint64_t number(const char *word)
{
	return word ? strtoull(word, NULL, 0) : 0;
}

static void option(struct buftrack_report *report, const char *word)
{
	const char *value = strchr(word, '=');

	if (!strcmp(word, "refused"))
		report->flags |= BUFTRACK_REPORT_REFUSED;
	else if (!value)
		errx(2, "no option: %s", word);
	else if (*word == 'i')
		report->id = number(value + 1);
	else if (!strncmp(word, "site", 4))
		report->site = number(value + 1);
	else if (!strncmp(word, "span", 4))
		report->span = number(value + 1);
	else
		report->size = number(value + 1);
}

static unsigned int op_number(const char *op)
{
	if (!strcmp(op, "alloc"))
		return BUFTRACK_OP_ALLOC;
	return strcmp(op, "use") ? BUFTRACK_OP_FREE : BUFTRACK_OP_USE;
}

static struct buftrack_report parse_report(const char *op)
{
	struct buftrack_report report = { 0 };
	unsigned int space;
	char *word;

	report.op = op_number(op);
	if (buftrack_device_add_space(device, strtok(NULL, " "), 0, &space) < 0)
		err(1, "space");
	report.space = space;
	report.address = number(strtok(NULL, " "));
	if (report.op == BUFTRACK_OP_ALLOC)
		report.span = report.size = number(strtok(NULL, " "));
	while ((word = strtok(NULL, " ")))
		option(&report, word);
	return report;
}

static void say_verdict(int verdict)
{
	if (verdict < 0)
		err(1, "report");
	puts(buftrack_verdict_name(verdict));
}

static int submit(struct buftrack_reports *reports)
{
	unsigned int nr = buftrack_reports_length(reports);

	if (buftrack_device_submit(device, reports))
		err(1, "batch");
	buftrack_reports_clear(reports);
	return buftrack_reports_verdict(reports, nr - 1);
}

static void many(uint64_t count)
{
	struct buftrack_report report = parse_report(strtok(NULL, " "));
	struct buftrack_reports *reports = buftrack_reports_new(BATCH);
	int verdict = 0;

	while (count) {
		while (count && !buftrack_reports_add(reports, &report))
			count--;
		verdict = submit(reports);
	}
	buftrack_reports_free(reports);
	say_verdict(verdict);
}

static void nice_buffers(uint64_t count)
{
	struct buftrack_reports *reports = buftrack_reports_new(BATCH);
	int verdict = 0;

	for (uint64_t i = 1; i <= count; i++) {
		struct buftrack_report report = {
			.op = BUFTRACK_OP_ALLOC,
			.address = i * 4096,
			.size = 4096,
			.span = 4096,
			.id = i,
			.site = 0x400000 + i % 7,
		};

		buftrack_reports_add(reports, &report);
		if (i == count || !(i % BATCH))
			verdict = submit(reports);
	}
	buftrack_reports_free(reports);
	say_verdict(verdict);
}

static void declare(void)
{
	struct buftrack_declaration *declaration = buftrack_declaration_new();
	unsigned int flags = 0;
	uint64_t client;
	char *word;

	while ((word = strtok(NULL, " "))) {
		if (!strcmp(word, "late"))
			flags |= BUFTRACK_DECLARE_LATE;
		else if (!strcmp(word, "shared"))
			flags |= BUFTRACK_DECLARE_SHARED;
		else if (!strncmp(word, "first=", 6))
			buftrack_declaration_set_first_id(declaration,
							  number(word + 6));
		else
			buftrack_declaration_claim(declaration, 0,
						   strchr(word, '=') + 1);
	}
	buftrack_declaration_set_flags(declaration, flags);
	if (buftrack_device_declare(device, declaration, &client))
		err(1, "declare");
	buftrack_declaration_free(declaration);
	printf("client %llu\n", (unsigned long long)client);
}

static void obey(char *line)
{
	char *verb = strtok(line, " ");
	struct buftrack_report report;

	if (!strcmp(verb, "declare")) {
		declare();
	} else if (!strcmp(verb, "many")) {
		many(number(strtok(NULL, " ")));
	} else if (!strcmp(verb, "nice")) {
		nice_buffers(number(strtok(NULL, " ")));
	} else if (!strcmp(verb, "lost")) {
		if (buftrack_device_report_lost(device,
						number(strtok(NULL, " "))))
			err(1, "lost");
		puts("lost");
	} else {
		report = parse_report(verb);
		say_verdict(buftrack_device_report(device, &report));
	}
}

int main(int argc, char **argv)
{
	char line[512];

	if (argc != 2)
		errx(2, "usage: cli-reporter DEVICE");
	device = buftrack_device_open(atoi(argv[1]), O_RDWR);
	if (!device)
		err(1, "device %s", argv[1]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line)
			obey(line);
	}
	buftrack_device_close(device);
	return 0;
}

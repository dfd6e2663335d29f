// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * buftrack_reports, a batch of reports with their verdicts
 */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

API struct buftrack_reports *buftrack_reports_new(unsigned int capacity)
{
	struct buftrack_reports *reports = calloc(1, sizeof(*reports));

	if (!reports)
		return NULL;
	reports->capacity = capacity;
	reports->reports = calloc(capacity, sizeof(*reports->reports));
	reports->verdicts = calloc(capacity, sizeof(*reports->verdicts));
	if (reports->reports && reports->verdicts)
		return reports;
	buftrack_reports_free(reports);
	errno = ENOMEM;
	return NULL;
}

API void buftrack_reports_free(struct buftrack_reports *reports)
{
	if (!reports)
		return;
	free(reports->reports);
	free(reports->verdicts);
	free(reports);
}

API void buftrack_reports_clear(struct buftrack_reports *reports)
{
	reports->length = 0;
	reports->done = 0;
}

API int buftrack_reports_add(struct buftrack_reports *reports,
			     const struct buftrack_report *report)
{
	if (reports->length == reports->capacity) {
		errno = ENOBUFS;
		return -1;
	}
	reports->reports[reports->length++] = *report;
	return 0;
}

API unsigned int buftrack_reports_length(const struct buftrack_reports *reports)
{
	return reports->length;
}

API unsigned int buftrack_reports_done(const struct buftrack_reports *reports)
{
	return reports->done;
}

API unsigned int
buftrack_reports_verdict(const struct buftrack_reports *reports,
			 unsigned int index)
{
	return reports->verdicts[index];
}

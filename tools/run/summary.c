// SPDX-License-Identifier: GPL-2.0
/*
 * The summary at the end
 */
#include <errno.h>
#include <string.h>

#include "../util/err.h"
#include "internal.h"
#include "json.h"
#include "text.h"

int summary_print(struct summary *summary)
{
	const char *path = summary->options->report;
	FILE *out = path ? fopen(path, "we") : stderr;
	int ret = 0;

	if (!out)
		return fail("%s: %s: name a file that can be written", path,
			    strerror(errno));
	summary->symbols = symbols_new();
	if (summary->options->json)
		summary_json(summary, out);
	else
		summary_text(summary, out, true);
	if (path)
		summary_text(summary, stderr, false);
	symbols_free(summary->symbols);
	/* Text that nobody reads is no reason to hide the command's status. */
	if ((fflush(out) || ferror(out)) && (path || summary->options->json))
		ret = fail("cannot write the summary: %s", strerror(errno));
	if (path)
		fclose(out);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * JSON, by json-c
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "json-out.h"
#include "say.h"

#define REPLACEMENT "\xef\xbf\xbd"

struct json_object *json_checked(struct json_object *object)
{
	if (!object)
		exit(fail("out of memory for JSON: free some and try again"));
	return object;
}

struct json_object *json_dict(void)
{
	return json_checked(json_object_new_object());
}

static void add(struct json_object *object, const char *key,
		struct json_object *value)
{
	if (json_object_object_add(object, key, json_checked(value)))
		json_checked(NULL);
}

void json_put_number(struct json_object *object, const char *key,
		     uint64_t number)
{
	add(object, key, json_object_new_uint64(number));
}

void json_put_shown(struct json_object *object, const char *key,
		    uint64_t number, bool shown)
{
	if (shown)
		json_put_number(object, key, number);
	else if (json_object_object_add(object, key, NULL))
		json_checked(NULL);
}

void json_put_bool(struct json_object *object, const char *key, bool value)
{
	add(object, key, json_object_new_boolean(value));
}

/* utf8_length() - of the character at @text, 0: it is none */
static size_t utf8_length(const unsigned char *text)
{
	size_t length = text[0] < 0x80 ? 1 :
			text[0] < 0xc2 ? 0 :
			text[0] < 0xe0 ? 2 :
			text[0] < 0xf0 ? 3 :
			text[0] < 0xf5 ? 4 :
					 0;

	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, and what is past U+10FFFF. */
	if ((text[0] == 0xe0 && text[1] < 0xa0) ||
	    (text[0] == 0xed && text[1] > 0x9f) ||
	    (text[0] == 0xf0 && text[1] < 0x90) ||
	    (text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return length;
}

/* text_json() - the text up to @end, or up to its NUL */
static struct json_object *text_json(const char *text, const char *end)
{
	char clean[1024];
	size_t used = 0;

	while (text != end && *text && used + 4 < sizeof(clean)) {
		size_t length = utf8_length((const unsigned char *)text);

		if (length) {
			memcpy(clean + used, text, length);
			used += length;
			text += length;
		} else {
			memcpy(clean + used, REPLACEMENT, strlen(REPLACEMENT));
			used += strlen(REPLACEMENT);
			text++;
		}
	}
	return json_checked(json_object_new_string_len(clean, used));
}

void json_put_text(struct json_object *object, const char *key,
		   const char *text)
{
	add(object, key, text_json(text, NULL));
}

void json_put_lines(struct json_object *object, const char *key,
		    const char *lines)
{
	struct json_object *array = json_checked(json_object_new_array());

	while (*lines) {
		const char *end = strchrnul(lines, '\n');

		json_object_array_add(array, text_json(lines, end));
		lines = end + (*end == '\n');
	}
	add(object, key, array);
}

void json_print(struct json_object *object)
{
	const char *text;

	text = json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
				JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text)
		json_checked(NULL);
	puts(text);
	json_object_put(object);
}

void json_print_plain(struct json_object *object)
{
	const char *text;

	text = json_object_to_json_string_ext(
		object,
		JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text)
		json_checked(NULL);
	fputs(text, stdout);
	json_object_put(object);
}

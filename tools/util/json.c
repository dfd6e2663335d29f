// SPDX-License-Identifier: GPL-2.0
/*
 * JSON output with json-c
 */
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "json.h"

#define REPLACEMENT "\xef\xbf\xbd"

struct json_object *json_dict(void)
{
	return checked(json_object_new_object());
}

struct json_object *json_array(void)
{
	return checked(json_object_new_array());
}

void json_put(struct json_object *object, const char *key,
	      struct json_object *value)
{
	if (json_object_object_add(object, key, value))
		checked(NULL);
}

void json_put_number(struct json_object *object, const char *key,
		     uint64_t number)
{
	json_put(object, key, checked(json_object_new_uint64(number)));
}

void json_put_signed(struct json_object *object, const char *key,
		     int64_t number)
{
	json_put(object, key, checked(json_object_new_int64(number)));
}

void json_put_shown(struct json_object *object, const char *key,
		    uint64_t number, bool shown)
{
	if (shown)
		json_put_number(object, key, number);
	else
		json_put(object, key, NULL);
}

void json_put_bool(struct json_object *object, const char *key, bool value)
{
	json_put(object, key, checked(json_object_new_boolean(value)));
}

/* utf8_length() - length of the character at @text, 0 if it is invalid */
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
	/* Overlong forms, surrogates, and code points past U+10FFFF */
	if ((text[0] == 0xe0 && text[1] < 0xa0) ||
	    (text[0] == 0xed && text[1] > 0x9f) ||
	    (text[0] == 0xf0 && text[1] < 0x90) ||
	    (text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return length;
}

/* text_json() - a JSON text up to @end, or up to the NUL */
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
	return checked(json_object_new_string_len(clean, used));
}

void json_put_text(struct json_object *object, const char *key,
		   const char *text)
{
	json_put(object, key, text_json(text, NULL));
}

void json_put_lines(struct json_object *object, const char *key,
		    const char *lines)
{
	struct json_object *array = json_array();

	while (*lines) {
		const char *end = strchrnul(lines, '\n');

		json_append(array, text_json(lines, end));
		lines = end + (*end == '\n');
	}
	json_put(object, key, array);
}

void json_append(struct json_object *array, struct json_object *value)
{
	if (json_object_array_add(array, value))
		checked(NULL);
}

void json_append_text(struct json_object *array, const char *text)
{
	json_append(array, text_json(text, NULL));
}

static void print_and_free(FILE *out, struct json_object *object, int layout)
{
	fputs(checked(json_object_to_json_string_ext(
		      object, layout | JSON_C_TO_STRING_NOSLASHESCAPE)),
	      out);
	json_object_put(object);
}

void json_print_to(FILE *out, struct json_object *object)
{
	print_and_free(out, object,
		       JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
	putc('\n', out);
}

void json_print(struct json_object *object)
{
	json_print_to(stdout, object);
}

void json_print_plain(struct json_object *object)
{
	print_and_free(stdout, object, JSON_C_TO_STRING_PLAIN);
}

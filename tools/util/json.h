/* SPDX-License-Identifier: GPL-2.0 */
/*
 * JSON output with json-c
 *
 * Running out of memory ends the command.
 */
#ifndef BUFTRACK_UTIL_JSON_H
#define BUFTRACK_UTIL_JSON_H

#include <json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json_object *json_dict(void);
struct json_object *json_array(void);

/* json_put() - add a field; takes over @value, NULL is null */
void json_put(struct json_object *object, const char *key,
	      struct json_object *value);
void json_put_number(struct json_object *object, const char *key,
		     uint64_t number);
void json_put_signed(struct json_object *object, const char *key,
		     int64_t number);
void json_put_bool(struct json_object *object, const char *key, bool value);

/* json_put_text() - add a text of any bytes; invalid UTF-8 becomes U+FFFD */
void json_put_text(struct json_object *object, const char *key,
		   const char *text);

/* json_put_lines() - add an array with a text for each line */
void json_put_lines(struct json_object *object, const char *key,
		    const char *lines);

/* json_put_shown() - add a number, or null unless @shown */
void json_put_shown(struct json_object *object, const char *key,
		    uint64_t number, bool shown);

/* json_append() - add an element to an array; takes over @value */
void json_append(struct json_object *array, struct json_object *value);

/* json_append_text() - append a text of any bytes, as json_put_text() */
void json_append_text(struct json_object *array, const char *text);

/* json_print() - print on standard output, indented, and free it */
void json_print(struct json_object *object);

/* json_print_to() - likewise, on a stream */
void json_print_to(FILE *out, struct json_object *object);

/* json_print_plain() - as json_print(), without spaces and the newline */
void json_print_plain(struct json_object *object);

#endif /* BUFTRACK_UTIL_JSON_H */

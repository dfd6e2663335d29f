/* SPDX-License-Identifier: GPL-2.0 */
/*
 * JSON, by json-c
 */
#ifndef BUFTRACK_JSON_OUT_H
#define BUFTRACK_JSON_OUT_H

#include <json.h>
#include <stdbool.h>
#include <stdint.h>

/* json_checked() - what it is given; running out of memory ends the command */
struct json_object *json_checked(struct json_object *object);
struct json_object *json_dict(void);

/* These add a field to an object. */
void json_put_number(struct json_object *object, const char *key,
		     uint64_t number);
void json_put_bool(struct json_object *object, const char *key, bool value);

/* json_put_text() - any bytes; what is not UTF-8 comes as U+FFFD */
void json_put_text(struct json_object *object, const char *key,
		   const char *text);

/* json_put_lines() - an array with a text for each line */
void json_put_lines(struct json_object *object, const char *key,
		    const char *lines);

/* json_put_shown() - null unless it is @shown */
void json_put_shown(struct json_object *object, const char *key,
		    uint64_t number, bool shown);

/* json_print_plain() - without a newline or a space, and drop it */
void json_print_plain(struct json_object *object);

/* json_print() - on standard output, and drop it */
void json_print(struct json_object *object);

#endif /* BUFTRACK_JSON_OUT_H */

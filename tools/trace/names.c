// SPDX-License-Identifier: GPL-2.0
/*
 * Look up the clients and devices of a trace by name
 *
 * The C library's tsearch() is fast enough: most lines name the same client as the
 * line before, which needs no search.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* The client comes first, so that a search key can be a struct trace_client. */
struct client_node {
	struct trace_client client;
	struct client_node *next;
	char word[];
};

struct device_node {
	struct trace_device device;
	struct device_node *next;
	char name[];
};

struct names {
	void *client_tree;
	void *device_tree;
	struct client_node *clients;
	struct device_node *devices;
	struct trace_client *latest;
};

static int compare_clients(const void *a, const void *b)
{
	const struct trace_client *left = a, *right = b;

	return strcmp(left->word, right->word);
}

static int compare_devices(const void *a, const void *b)
{
	const struct trace_device *left = a, *right = b;

	return strcmp(left->name, right->name);
}

struct names *names_new(void)
{
	return calloc(1, sizeof(struct names));
}

void names_free(struct names *names)
{
	if (!names)
		return;
	for (struct client_node *node = names->clients, *next; node;
	     node = next) {
		next = node->next;
		tdelete(&node->client, &names->client_tree, compare_clients);
		free(node);
	}
	for (struct device_node *node = names->devices, *next; node;
	     node = next) {
		next = node->next;
		tdelete(&node->device, &names->device_tree, compare_devices);
		free(node);
	}
	free(names);
}

static struct trace_client *find_client(struct names *names, const char *word)
{
	struct trace_client key = { .word = word };
	struct trace_client **found;

	if (names->latest && !strcmp(names->latest->word, word))
		return names->latest;
	found = tfind(&key, &names->client_tree, compare_clients);
	if (!found)
		return NULL;
	names->latest = *found;
	return *found;
}

static struct trace_device *find_device(struct names *names, const char *name)
{
	struct trace_device key = { .name = name };
	struct trace_device **found;

	found = tfind(&key, &names->device_tree, compare_devices);
	return found ? *found : NULL;
}

static struct trace_device *add_device(struct names *names, const char *name)
{
	size_t size = strlen(name) + 1;
	struct device_node *node = calloc(1, sizeof(*node) + size);

	if (!node)
		return NULL;
	memcpy(node->name, name, size);
	node->device.name = node->name;
	if (!tsearch(&node->device, &names->device_tree, compare_devices)) {
		free(node);
		return NULL;
	}
	node->next = names->devices;
	names->devices = node;
	return &node->device;
}

static struct trace_client *add_client(struct names *names, const char *word)
{
	size_t size = strlen(word) + 1;
	struct client_node *node = calloc(1, sizeof(*node) + size);

	if (!node)
		return NULL;
	memcpy(node->word, word, size);
	node->client.word = node->word;
	if (!tsearch(&node->client, &names->client_tree, compare_clients)) {
		free(node);
		return NULL;
	}
	node->next = names->clients;
	names->clients = node;
	return &node->client;
}

static int out_of_memory(struct trace_event *event, struct trace_error *error)
{
	return trace_fail(error, event->line, "out of memory: free some");
}

static int find_or_add_device(struct names *names, const char *name,
			      struct trace_event *event,
			      struct trace_error *error)
{
	event->device = find_device(names, name);
	if (!event->device)
		event->device = add_device(names, name);
	return event->device ? 0 : out_of_memory(event, error);
}

static int open_client(struct names *names, const struct words *words,
		       struct trace_event *event, struct trace_error *error)
{
	struct trace_client *client = find_client(names, words->client);

	if (client && client->open)
		return trace_fail(
			error, event->line,
			"client '%.40s' is open: close it, or use another name",
			words->client);
	if (client)
		return trace_fail(
			error, event->line,
			"client '%.40s' was used before: give each client its own name",
			words->client);
	if (find_or_add_device(names, words->device, event, error))
		return -1;
	client = add_client(names, words->client);
	if (!client)
		return out_of_memory(event, error);
	client->device = event->device;
	client->open = true;
	event->client = client;
	return 0;
}

static int find_open_client(struct names *names, const struct words *words,
			    struct trace_event *event,
			    struct trace_error *error)
{
	struct trace_client *client = find_client(names, words->client);

	if (!client || !client->open)
		return trace_fail(
			error, event->line, "client '%.40s' is not open: %s",
			words->client,
			client ? "it was closed before" : "open it first");
	if (strcmp(client->device->name, words->device))
		return trace_fail(
			error, event->line,
			"client '%.40s' belongs to device '%.40s': open another client for '%.40s'",
			words->client, client->device->name, words->device);
	event->client = client;
	event->device = client->device;
	if (event->op == TRACE_CLOSE)
		client->open = false;
	return 0;
}

int names_resolve(struct names *names, const struct words *words,
		  struct trace_event *event, struct trace_error *error)
{
	switch (event->op) {
	case TRACE_ENABLE:
	case TRACE_DISABLE:
		return find_or_add_device(names, words->device, event, error);
	case TRACE_OPEN:
		return open_client(names, words, event, error);
	default:
		return find_open_client(names, words, event, error);
	}
}

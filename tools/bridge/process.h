/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who is at the other end of a socket: a process, as the kernel knows it
 */
#ifndef BUFTRACK_BRIDGE_PROCESS_H
#define BUFTRACK_BRIDGE_PROCESS_H

#include "bridge.h"

#define COMM_SIZE 16

/**
 * struct process - a process that has connected
 *
 * It is kept until it has ended, also without a connection: one that comes back
 * has a past.
 */
struct process;

/**
 * process_of_peer() - the process that has connected
 * @bridge: the bridge
 * @fd: the socket
 *
 * When the process ends, connections_end_of() is called.
 *
 * Return: the process, for process_leave(), or NULL with errno.
 */
struct process *process_of_peer(struct bridge *bridge, int fd);

/* process_leave() - a connection of the process has ended */
void process_leave(struct process *process);

/* process_forget_all() - at the end of the bridge */
void process_forget_all(struct bridge *bridge);

/* process_is_over() - whether it has ended */
bool process_is_over(const struct process *process);

/* process_pid() - its pid, or 0: it is in no namespace of ours */
pid_t process_pid(const struct process *process);

/* process_name() - what it is called, printable */
const char *process_name(const struct process *process);

/**
 * process_is_late() - whether it can have allocated what was never reported
 * @process: the process
 *
 * It can, if it is older than the socket, or has reported through another
 * connection, whose books are not this one's.
 *
 * Return: true if it can, or if that is not known.
 */
bool process_is_late(const struct process *process);

/* process_note_report() - from now on, further connections of it are late */
void process_note_report(struct process *process);

#endif /* BUFTRACK_BRIDGE_PROCESS_H */

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The devices of tt-metal's runtime
 */
#ifndef BUFTRACK_HOOK_TTMETAL_DEVICE_H
#define BUFTRACK_HOOK_TTMETAL_DEVICE_H

#include "hook.h"
#include "ttmetal-runtime.h"

/*
 * TT_CALLER - where the runtime called an interposed function
 *
 * TT_SCOPE = hook_enter() - the rest of the block is in the hook, also for an exception
 */
#define TT_CALLER __builtin_return_address(0)
#define TT_SCOPE struct hook_scope scope __attribute__((cleanup(hook_leave)))

/* tt_owner() - the owner of what an IDevice allocates, or HOOK_NO_OWNER */
unsigned int tt_owner(const struct tt_real *real, const void *device);
/*
 * tt_expect_close() - a MeshDevice is about to close
 *
 * Its submeshes end with it, also where it allocated nothing itself.
 */
void tt_expect_close(const struct tt_real *real, const void *mesh);

#endif

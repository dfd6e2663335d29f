/* SPDX-License-Identifier: GPL-2.0 */
/* The processor's time stamp counter, where all processors share it */
#ifndef BUFTRACK_CLOCK_H
#define BUFTRACK_CLOCK_H

#include <linux/types.h>
#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
#include <asm/cpufeature.h>
#include <asm/tsc.h>
#endif

/**
 * bt_tsc_usable() - whether stamps of different processors can be compared
 *
 * A user-mode kernel cannot know; it trusts its host.
 *
 * Return: true if so.
 */
static inline bool bt_tsc_usable(void)
{
#if defined(CONFIG_X86_64) && defined(CONFIG_UML)
	return true;
#elif defined(CONFIG_X86_64)
	return boot_cpu_has(X86_FEATURE_CONSTANT_TSC) &&
	       boot_cpu_has(X86_FEATURE_NONSTOP_TSC) && !check_tsc_unstable();
#else
	return false;
#endif
}

/**
 * bt_tsc_read() - read the time stamp counter between all earlier and all later loads
 *
 * Return: ticks; 0 if there is no such counter.
 */
static inline u64 bt_tsc_read(void)
{
#ifdef CONFIG_X86_64
	u32 low, high;

	asm volatile("lfence; rdtsc; lfence" : "=a" (low), "=d" (high) : : "memory");
	return (u64)high << 32 | low;
#else
	return 0;
#endif
}

#endif /* BUFTRACK_CLOCK_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Memory comes from malloc(), so a sanitizer sees each object */
#ifndef BUFTRACK_OFFLINE_SLAB_H
#define BUFTRACK_OFFLINE_SLAB_H

#include <stdlib.h>
#include <linux/types.h>

#define GFP_KERNEL 0
#define __GFP_NOWARN 0
#define __GFP_RETRY_MAYFAIL 0
#define SLAB_ACCOUNT 0
#define SLAB_NO_MERGE 0

#define kfree(p) free((void *)(p))
#define kvfree(p) free((void *)(p))
#define kzalloc(size, gfp) ((void)(gfp), calloc(1, size))
#define kvzalloc(size, gfp) ((void)(gfp), calloc(1, size))
#define kcalloc(nr, size, gfp) ((void)(gfp), calloc(nr, size))
#define kvcalloc(nr, size, gfp) ((void)(gfp), calloc(nr, size))

struct kmem_cache {
	size_t size;
};

static inline struct kmem_cache *kmem_cache_create(const char *name,
						   size_t size, size_t align,
						   unsigned int flags,
						   void (*ctor)(void *object))
{
	struct kmem_cache *cache = malloc(sizeof(*cache));

	(void)name, (void)align, (void)flags, (void)ctor;
	if (cache)
		cache->size = size;
	return cache;
}

static inline void kmem_cache_destroy(struct kmem_cache *cache)
{
	free(cache);
}

static inline void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	(void)cache;
	free(object);
}

/* kmem_cache_alloc_bulk() - allocate all objects, or none and return 0 */
static inline int kmem_cache_alloc_bulk(struct kmem_cache *cache, gfp_t gfp,
					size_t nr, void **objects)
{
	(void)gfp;
	for (size_t i = 0; i < nr; i++) {
		objects[i] = malloc(cache->size);
		if (objects[i])
			continue;
		while (i--)
			free(objects[i]);
		return 0;
	}
	return nr;
}

#endif /* BUFTRACK_OFFLINE_SLAB_H */

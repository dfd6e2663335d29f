/* SPDX-License-Identifier: GPL-2.0 */
/* Differences between the kernel versions that the module builds for */
#ifndef BUFTRACK_COMPAT_H
#define BUFTRACK_COMPAT_H

#include <linux/device.h>
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/version.h>

struct module;

/* Since 5.11, a kretprobe that is being unregistered is cleared in its instances */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
static inline struct kretprobe *get_kretprobe(struct kretprobe_instance *ri)
{
	return ri->rp;
}
#endif

/* Since 5.12, rbtree.h has the loops that insert and search */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 12, 0)
/**
 * bt_rb_insert() - link a node into a tree, which is still to be balanced
 * @node: the node
 * @tree: the tree
 * @less: true if its first node sorts before its second
 *
 * Return: true if the node is now the leftmost.
 */
static inline bool bt_rb_insert(struct rb_node *node, struct rb_root *tree,
				bool (*less)(struct rb_node *,
					     const struct rb_node *))
{
	struct rb_node **link = &tree->rb_node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (less(node, parent)) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			leftmost = false;
		}
	}
	rb_link_node(node, parent, link);
	return leftmost;
}

static inline void rb_add(struct rb_node *node, struct rb_root *tree,
			  bool (*less)(struct rb_node *, const struct rb_node *))
{
	bt_rb_insert(node, tree, less);
	rb_insert_color(node, tree);
}

static inline void rb_add_cached(struct rb_node *node, struct rb_root_cached *tree,
				 bool (*less)(struct rb_node *,
					      const struct rb_node *))
{
	bool leftmost = bt_rb_insert(node, &tree->rb_root, less);

	rb_insert_color_cached(node, tree, leftmost);
}

static inline struct rb_node *
rb_find_first(const void *key, const struct rb_root *tree,
	      int (*cmp)(const void *key, const struct rb_node *))
{
	struct rb_node *node = tree->rb_node, *match = NULL;

	while (node) {
		int c = cmp(key, node);

		if (!c)
			match = node;
		node = c <= 0 ? node->rb_left : node->rb_right;
	}
	return match;
}

static inline struct rb_node *
rb_find(const void *key, const struct rb_root *tree,
	int (*cmp)(const void *key, const struct rb_node *))
{
	struct rb_node *node = tree->rb_node;
	int c;

	while (node && (c = cmp(key, node)))
		node = c < 0 ? node->rb_left : node->rb_right;
	return node;
}
#endif

/* Before 5.11, set_active_memcg() needs a symbol that is not exported */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#include <linux/sched.h>
/**
 * bt_set_active_memcg() - charge allocations of this task to another memory cgroup
 * @memcg: the cgroup; NULL: that of the task
 *
 * Return: the previous cgroup, to restore.
 */
static inline struct mem_cgroup *bt_set_active_memcg(struct mem_cgroup *memcg)
{
#ifdef CONFIG_MEMCG
	swap(current->active_memcg, memcg);
#endif
	return memcg;
}
#else
#define bt_set_active_memcg set_active_memcg
#endif

/* Since 6.3, the flags of a mapping are changed by functions */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define bt_vm_flags_mod(vma, set, clear)				\
({									\
	struct vm_area_struct *__vma = (vma);				\
									\
	__vma->vm_flags = (__vma->vm_flags | (set)) & ~(clear);		\
})
#else
#define bt_vm_flags_mod vm_flags_mod
#endif

/**
 * struct bt_module_use - struct module_use, which some kernels keep private
 * @source_list: in the source_list of @source
 * @target_list: in the target_list of @target
 * @source: the module that uses
 * @target: the module that is used
 *
 * The layout is the same on all kernels.
 */
struct bt_module_use {
	struct list_head source_list;
	struct list_head target_list;
	struct module *source, *target;
};

/* Kinds of BTF types that older headers do not name */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 13, 0)
#define BTF_KIND_FLOAT		16
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0)
#define BTF_KIND_DECL_TAG	17
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 17, 0)
#define BTF_KIND_TYPE_TAG	18
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 0, 0)
#define BTF_KIND_ENUM64		19
#endif

/* Since 6.2, the devnode callback of a class takes a const device */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
typedef struct device bt_devnode_device;
#else
typedef const struct device bt_devnode_device;
#endif

/* Since 6.4, driver_find() takes a const bus */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
typedef struct bus_type bt_bus;
#else
typedef const struct bus_type bt_bus;
#endif

/* Since 6.5, a slab cache can refuse to be merged with others */
#ifndef SLAB_NO_MERGE
#define SLAB_NO_MERGE 0
#endif

/* Since 6.3, ttm_bo.h declares TTM buffer objects */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define BT_TTM_BO_HEADER <drm/ttm/ttm_bo_api.h>
#else
#define BT_TTM_BO_HEADER <drm/ttm/ttm_bo.h>
#endif

/* Since 6.2, the size of a TTM resource is in bytes */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define BT_TTM_BYTES(res) ((u64)(res)->num_pages << PAGE_SHIFT)
#else
#define BT_TTM_BYTES(res) ((u64)(res)->size)
#endif

#endif /* BUFTRACK_COMPAT_H */

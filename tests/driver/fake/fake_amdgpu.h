/* SPDX-License-Identifier: GPL-2.0 */
/* Functions of amdgpu that buftrack probes, with amdgpu's prototypes */
#ifndef FAKE_AMDGPU_H
#define FAKE_AMDGPU_H

#include <linux/types.h>

struct amdgpu_device;
struct kgd_mem;

int amdgpu_amdkfd_gpuvm_alloc_memory_of_gpu(struct amdgpu_device *adev, u64 va, u64 size,
					    void *drm_priv, struct kgd_mem **mem,
					    u64 *offset, u32 flags, bool criu_resume);
int amdgpu_amdkfd_gpuvm_free_memory_of_gpu(struct amdgpu_device *adev,
					   struct kgd_mem *mem, void *drm_priv, u64 *size);
int amdgpu_amdkfd_gpuvm_map_memory_to_gpu(struct amdgpu_device *adev,
					  struct kgd_mem *mem, void *drm_priv);
int amdgpu_amdkfd_gpuvm_import_dmabuf_fd(struct amdgpu_device *adev, int fd, u64 va,
					 void *drm_priv, struct kgd_mem **mem, u64 *size,
					 u64 *mmap_offset);

#endif /* FAKE_AMDGPU_H */

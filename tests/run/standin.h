/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A stand-in for the part of tt-metal's runtime that its hook sees, under the same names
 */
#ifndef BUFTRACK_TESTS_RUN_STANDIN_H
#define BUFTRACK_TESTS_RUN_STANDIN_H

#include <cstdint>
#include <vector>

namespace tt::tt_metal
{
enum class BufferType { DRAM, L1, SYSTEM_MEMORY, L1_SMALL, TRACE };
enum class AllocationStatus { ALLOCATED, DEALLOCATED };

class IDevice {
    public:
	virtual ~IDevice() = default;
};

namespace distributed
{
class MeshDevice : public IDevice {
    public:
	MeshDevice();
	~MeshDevice() override;
	bool close();
	std::vector<int> get_device_ids() const;
};
}

/* Addresses of one space: the one that was given back last is given out first. */
class Allocator {
    public:
	uint64_t get_bank_size(const BufferType &type) const;
	uint32_t get_num_banks(const BufferType &type) const;
};

class Buffer {
    public:
	/* allocates memory */
	Buffer(IDevice *device, BufferType type, uint64_t size);
	/* another object for the memory of a buffer */
	explicit Buffer(const Buffer &owner);
	~Buffer() = default;
	uint32_t address() const;
	uint64_t size() const;
	IDevice *device() const;
	BufferType buffer_type() const;
	uint64_t unique_id() const;
	uint64_t aligned_size_per_bank() const;
	bool is_allocated() const;
	Allocator *allocator() const;
	/* the function that the seed repaired: @repaired tells it apart */
	void mark_as_deallocated(bool repaired);
	/* gives the memory back */
	void release();

    private:
	IDevice *device_;
	BufferType type_;
	uint64_t size_;
	uint64_t address_;
	uint64_t id_;
	bool owner_;
	AllocationStatus status_ = AllocationStatus::ALLOCATED;
};

class GraphTracker {
    public:
	static GraphTracker &instance();
	void track_allocate(const Buffer *buffer);
	void track_deallocate(Buffer *buffer);
};
}

#endif

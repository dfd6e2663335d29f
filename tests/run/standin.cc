// SPDX-License-Identifier: GPL-2.0
/*
 * Behaves as the runtime of the seed did: 83,416 allocations on four threads, of which
 * 1,130 are freed once more, by another path of the same object or by another object for
 * the same memory. 381 buffers stay.
 */
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

#include "standin.h"

namespace tt::tt_metal
{
namespace
{
constexpr unsigned int SPACES = 5;
constexpr uint64_t SPAN = 4096;

struct Space {
	std::mutex lock;
	std::vector<uint64_t> free;
	uint64_t next = SPAN;
} spaces[SPACES];

std::atomic<uint64_t> next_id;

uint64_t take(BufferType type)
{
	Space &space = spaces[static_cast<unsigned int>(type)];
	std::lock_guard<std::mutex> guard(space.lock);

	if (space.free.empty())
		return (space.next += SPAN) - SPAN;
	uint64_t address = space.free.back();
	space.free.pop_back();
	return address;
}

void give_back(BufferType type, uint64_t address)
{
	Space &space = spaces[static_cast<unsigned int>(type)];
	std::lock_guard<std::mutex> guard(space.lock);

	space.free.push_back(address);
}
}

uint64_t Allocator::get_bank_size(const BufferType &) const
{
	return UINT64_C(1) << 30;
}

uint32_t Allocator::get_num_banks(const BufferType &) const
{
	return 12;
}

Buffer::Buffer(IDevice *device, BufferType type, uint64_t size)
	: device_(device)
	, type_(type)
	, size_(size)
	, address_(take(type))
	, id_(next_id++)
	, owner_(true)
{
	GraphTracker::instance().track_allocate(this);
}

Buffer::Buffer(const Buffer &owner)
	: device_(owner.device_)
	, type_(owner.type_)
	, size_(owner.size_)
	, address_(owner.address_)
	, id_(next_id++)
	, owner_(false)
{
}

uint32_t Buffer::address() const
{
	return address_;
}

uint64_t Buffer::size() const
{
	return size_;
}

IDevice *Buffer::device() const
{
	return device_;
}

BufferType Buffer::buffer_type() const
{
	return type_;
}

uint64_t Buffer::unique_id() const
{
	return id_;
}

uint64_t Buffer::aligned_size_per_bank() const
{
	return SPAN;
}

bool Buffer::is_allocated() const
{
	return status_ == AllocationStatus::ALLOCATED;
}

Allocator *Buffer::allocator() const
{
	static Allocator allocator;

	return &allocator;
}

/* The seed's guard: an object that was freed, or that owns nothing, says nothing. */
void Buffer::mark_as_deallocated(bool repaired)
{
	if (repaired && (status_ == AllocationStatus::DEALLOCATED || !owner_))
		return;
	GraphTracker::instance().track_deallocate(this);
	status_ = AllocationStatus::DEALLOCATED;
}

void Buffer::release()
{
	give_back(type_, address_);
}
}

using namespace tt::tt_metal;

namespace
{
constexpr unsigned int THREADS = 4;
constexpr unsigned int DRAM = 49158, L1 = 34250, TRACE = 8;
constexpr unsigned int LEFT = 381, AGAIN = 600, OTHER = 530;

distributed::MeshDevice *mesh;

void deallocate_mesh_buffer(Buffer &buffer, bool repaired)
{
	buffer.mark_as_deallocated(repaired);
}

void clean_up(Buffer &buffer, bool repaired)
{
	buffer.mark_as_deallocated(repaired);
}

void drop_view(const Buffer &buffer, bool repaired)
{
	Buffer view(buffer);

	view.mark_as_deallocated(repaired);
}

BufferType type_of(unsigned int number)
{
	if (number < TRACE)
		return BufferType::TRACE;
	/* DRAM and L1 alternate until L1 has its share. */
	return number % 2 && number / 2 < L1 ? BufferType::L1 :
					       BufferType::DRAM;
}

/* Each thread has every fourth buffer, and frees it after its second path or view. */
void work(unsigned int thread, bool repaired)
{
	for (unsigned int i = thread; i < DRAM + L1 + TRACE; i += THREADS) {
		auto *buffer = new Buffer(mesh, type_of(i), 2048 + i % 7);

		if (i >= DRAM + L1 + TRACE - LEFT)
			continue;
		deallocate_mesh_buffer(*buffer, repaired);
		if (i % 2)
			buffer->release();
		if (i < 2 * AGAIN && i % 2)
			clean_up(*buffer, repaired);
		else if (i < 2 * OTHER)
			drop_view(*buffer, repaired);
		if (!(i % 2))
			buffer->release();
		delete buffer;
	}
}
}

extern "C" void standin_run(int repaired)
{
	std::vector<std::thread> threads;

	mesh = new distributed::MeshDevice;
	for (unsigned int i = 0; i < THREADS; i++)
		threads.emplace_back(work, i, repaired);
	for (auto &thread : threads)
		thread.join();
	mesh->close();
}

// SPDX-License-Identifier: GPL-2.0
/*
 * A stand-in for tt-metal's runtime: the functions that the hook interposes and
 * calls, by the same mangled names, over a small allocator
 *
 * It does what the real runtime does no more: a Buffer may be freed by another
 * one that stands for the same allocation, or twice. workload() has the numbers
 * of the first report of that.
 *
 * HIDDEN leaves out an accessor that the hook cannot do without.
 */
#include <atomic>
#include <csignal>
#include <cstdint>
#include <map>
#include <mutex>
#include <sys/time.h>
#include <vector>

namespace tt::tt_metal
{

enum class BufferType : int { DRAM, L1, SYSTEM, L1_SMALL, TRACE };

class IDevice {
    public:
	virtual ~IDevice();
	virtual int arch() const;
	virtual int id() const;
};

class Buffer;

/* First fit, so that addresses are used again at once */
class Allocator {
    public:
	uint64_t get_bank_size(const BufferType &) const;
	uint32_t get_num_banks(const BufferType &) const;
	uint64_t allocate(uint64_t size);
	void deallocate(uint64_t address);

    private:
	std::mutex lock;
	std::multimap<uint64_t, uint64_t> unused; /* address by size */
	std::map<uint64_t, uint64_t> used; /* size by address */
	uint64_t top = 4096;
};

class Device : public IDevice {
    public:
	int id() const override;
};

namespace distributed
{
class MeshDevice : public IDevice {
    public:
	~MeshDevice() override;
	int id() const override;
	bool close();
	std::vector<int> get_device_ids() const;
	Allocator allocator[5];
};
} // namespace distributed

class Buffer {
    public:
	Buffer(distributed::MeshDevice *device, BufferType type, uint64_t size);
	explicit Buffer(const Buffer *other);
	uint32_t address() const;
	uint64_t size() const;
#ifndef HIDDEN
	IDevice *device() const;
#endif
	BufferType buffer_type() const;
	uint64_t aligned_size_per_bank() const;
	Allocator *allocator() const;
	bool is_allocated() const;
	void deallocate();

	distributed::MeshDevice *mesh;
	BufferType type;
	uint64_t bytes;
	uint64_t where;
	bool owner;
};

/* Another file of the real runtime, so callers know nothing of it */
class GraphTracker {
    public:
	static GraphTracker &instance();
	__attribute__((noinline)) void track_allocate(const Buffer *);
	__attribute__((noinline)) void track_deallocate(Buffer *);
};

IDevice::~IDevice() = default;
int IDevice::arch() const
{
	return 0;
}
int IDevice::id() const
{
	return 0;
}
int Device::id() const
{
	return 0;
}

uint64_t Allocator::get_bank_size(const BufferType &) const
{
	return UINT64_C(1) << 30;
}
uint32_t Allocator::get_num_banks(const BufferType &) const
{
	return 12;
}

uint64_t Allocator::allocate(uint64_t size)
{
	std::lock_guard<std::mutex> guard(lock);
	auto found = unused.find(size);
	uint64_t address = top;

	if (found != unused.end()) {
		address = found->second;
		unused.erase(found);
	} else {
		top += (size + 4095) / 4096 * 4096;
	}
	used[address] = size;
	return address;
}

void Allocator::deallocate(uint64_t address)
{
	std::lock_guard<std::mutex> guard(lock);
	auto found = used.find(address);

	if (found == used.end())
		return;
	unused.emplace(found->second, address);
	used.erase(found);
}

namespace distributed
{
MeshDevice::~MeshDevice() = default;
int MeshDevice::id() const
{
	return 1;
}
bool MeshDevice::close()
{
	return true;
}
std::vector<int> MeshDevice::get_device_ids() const
{
	return { 0 };
}
} // namespace distributed

GraphTracker &GraphTracker::instance()
{
	static GraphTracker tracker;

	return tracker;
}

static std::atomic<uint64_t> allocations, frees;

static void use(const void *tracker, const void *buffer)
{
	asm volatile("" : : "r"(tracker), "r"(buffer));
}

void GraphTracker::track_allocate(const Buffer *buffer)
{
	use(this, buffer);
	allocations++;
}

void GraphTracker::track_deallocate(Buffer *buffer)
{
	use(this, buffer);
	frees++;
}

Buffer::Buffer(distributed::MeshDevice *device, BufferType buffer_type,
	       uint64_t size)
	: mesh(device)
	, type(buffer_type)
	, bytes(size)
	, owner(true)
{
	where = mesh->allocator[static_cast<int>(type)].allocate(size);
	GraphTracker::instance().track_allocate(this);
}

/* A view: it has the address of another one, and reports nothing. */
Buffer::Buffer(const Buffer *other)
	: mesh(other->mesh)
	, type(other->type)
	, bytes(other->bytes)
	, where(other->where)
	, owner(false)
{
}

uint32_t Buffer::address() const
{
	return static_cast<uint32_t>(where);
}
uint64_t Buffer::size() const
{
	return bytes;
}
#ifndef HIDDEN
IDevice *Buffer::device() const
{
	return mesh;
}
#endif
BufferType Buffer::buffer_type() const
{
	return type;
}
uint64_t Buffer::aligned_size_per_bank() const
{
	return bytes;
}
Allocator *Buffer::allocator() const
{
	return &mesh->allocator[static_cast<int>(type)];
}
bool Buffer::is_allocated() const
{
	return true;
}

void Buffer::deallocate()
{
	GraphTracker::instance().track_deallocate(this);
	allocator()->deallocate(where);
}

} // namespace tt::tt_metal

using namespace tt::tt_metal;

/* What Python calls */
extern "C" {
void *standin_open()
{
	return new distributed::MeshDevice;
}

void standin_close(void *device)
{
	auto *mesh = static_cast<distributed::MeshDevice *>(device);

	mesh->close();
	delete mesh;
}

void *standin_alloc(void *device, int space, uint64_t size)
{
	return new Buffer(static_cast<distributed::MeshDevice *>(device),
			  static_cast<BufferType>(space), size);
}

void *standin_view(void *buffer)
{
	return new Buffer(static_cast<Buffer *>(buffer));
}
void standin_free(void *buffer)
{
	static_cast<Buffer *>(buffer)->deallocate();
}

/* standin_counts() - calls that reached the runtime itself */
uint64_t standin_counts()
{
	return allocations << 32 | frees;
}

void standin_pairs(void *device, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		Buffer buffer(static_cast<distributed::MeshDevice *>(device),
			      BufferType::L1, 64);

		buffer.deallocate();
	}
}

static Buffer *signal_buffer;

static void report_pair(Buffer *buffer)
{
	GraphTracker::instance().track_allocate(buffer);
	GraphTracker::instance().track_deallocate(buffer);
}

static void on_signal(int)
{
	report_pair(signal_buffer);
}

/* standin_signals() - a handler reports while the thread does */
void standin_signals(void *device, uint64_t count)
{
	struct itimerval timer = { { 0, 200 }, { 0, 200 } };
	struct sigaction action = {};
	Buffer mine(static_cast<distributed::MeshDevice *>(device),
		    BufferType::DRAM, 64);
	Buffer handlers(static_cast<distributed::MeshDevice *>(device),
			BufferType::DRAM, 64);

	mine.deallocate();
	handlers.deallocate();
	signal_buffer = &handlers;
	action.sa_handler = on_signal;
	sigaction(SIGALRM, &action, nullptr);
	setitimer(ITIMER_REAL, &timer, nullptr);
	for (uint64_t i = 0; i < count; i++)
		report_pair(&mine);
	timer = {};
	setitimer(ITIMER_REAL, &timer, nullptr);
}
}

/* A buffer that lives until after main() */
static struct Late {
	distributed::MeshDevice *mesh = nullptr;
	Buffer *buffer = nullptr;
	~Late()
	{
		if (buffer)
			buffer->deallocate();
	}
} late;

extern "C" void standin_late(void *device)
{
	late.mesh = static_cast<distributed::MeshDevice *>(device);
	late.buffer = new Buffer(late.mesh, BufferType::DRAM, 128);
}

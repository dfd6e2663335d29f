// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that reports to buftrack as tests instruct it, right or wrong
 *
 * Each open file of /dev/buftrack-sample can be a client. A line written to it is a
 * command:
 *
 *	add NAME [PCI]		add a device, as a child of that PCI function if given
 *	many NUMBER		add as many devices at once: many0, many1, ...
 *	end NAME		remove a device
 *	open NAME		make this file a client of that device
 *	close			end this client
 *	alloc KEY=VALUE...	allocate a buffer: space, address, size, span, id, ...
 *	free KEY=VALUE...	free a buffer
 *	traffic NUMBER		allocate and free as many buffers, one at a time
 *
 * Further keys: from=task|lock|irq|worker is the context that reports, refused=1,
 * refcounted=1 and aperture=1 set flags, driver=1 reports without a client, struct_size=
 * sets the size of the structure.
 */
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#define BUFTRACK_DRIVER_DEFINE
#include <linux/buftrack_driver.h>

/* Kernels without it run every irq_work in hard interrupt context */
#ifndef IRQ_WORK_INIT_HARD
#define IRQ_WORK_INIT_HARD(fn)	((struct irq_work) { .func = (fn) })
#endif

#define MAX_COMMAND	256
#define MAX_NAME	64

/**
 * struct sample_device - a device that the driver is bound to
 * @dev: the device
 * @link: in the list of devices
 * @function: its parent PCI function, NULL: none
 */
struct sample_device {
	struct device dev;
	struct list_head link;
	struct pci_dev *function;
};

/**
 * struct sample_op - an alloc or free to report
 * @dev: the device
 * @client: the client, NULL: the driver itself
 * @buffer: the buffer
 * @is_alloc: report an alloc rather than a free
 * @space: name of the buffer's space
 * @from: context to report from
 * @irq: reports from an interrupt
 * @work: reports from a worker
 * @done: completed once it has been reported
 */
struct sample_op {
	struct device *dev;
	const void *client;
	struct buftrack_buffer buffer;
	bool is_alloc;
	char space[MAX_NAME];
	char from[MAX_NAME];
	struct irq_work irq;
	struct work_struct work;
	struct completion done;
};

static DEFINE_MUTEX(sample_lock);	/* guards the list, and each file's device */
static LIST_HEAD(sample_devices);
static DEFINE_RAW_SPINLOCK(sample_busy_lock);	/* held for reports of from=lock */

static void sample_device_release(struct device *dev)
{
	kfree(container_of(dev, struct sample_device, dev));
}

static struct sample_device *sample_find(const char *name)
{
	struct sample_device *s;

	list_for_each_entry(s, &sample_devices, link)
		if (!strcmp(dev_name(&s->dev), name))
			return s;
	return NULL;
}

static struct pci_dev *sample_find_function(const char *name)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if (!strcmp(pci_name(pdev), name))
			return pdev;
	return NULL;
}

/* Create a device without reporting it */
static struct sample_device *sample_create(const char *name, const char *function)
{
	struct sample_device *s;
	int err;

	if (sample_find(name))
		return ERR_PTR(-EEXIST);
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return ERR_PTR(-ENOMEM);
	device_initialize(&s->dev);
	s->dev.release = sample_device_release;
	if (function) {
		s->function = sample_find_function(function);
		s->dev.parent = s->function ? &s->function->dev : NULL;
	}
	err = function && !s->function ? -ENODEV :
					 dev_set_name(&s->dev, "%s", name);
	if (!err)
		err = device_add(&s->dev);
	if (err) {
		pci_dev_put(s->function);
		put_device(&s->dev);
		return ERR_PTR(err);
	}
	list_add_tail(&s->link, &sample_devices);
	return s;
}

static int sample_add(char *args)
{
	const char *name = strsep(&args, " ");
	struct sample_device *s = sample_create(name, args);

	if (IS_ERR(s))
		return PTR_ERR(s);
	buftrack_device_begin(&s->dev);
	return 0;
}

/* Report all with interrupts off, so buftrack cannot prepare more in between */
static int sample_add_many(const char *number)
{
	struct sample_device *s = NULL;
	unsigned long flags;
	char name[MAX_NAME];
	unsigned int n, i;

	if (kstrtouint(number, 0, &n))
		return -EINVAL;
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "many%u", i);
		s = sample_create(name, NULL);
		if (IS_ERR(s))
			return PTR_ERR(s);
	}
	raw_spin_lock_irqsave(&sample_busy_lock, flags);
	list_for_each_entry(s, &sample_devices, link)
		if (strstarts(dev_name(&s->dev), "many"))
			buftrack_device_begin(&s->dev);
	raw_spin_unlock_irqrestore(&sample_busy_lock, flags);
	return 0;
}

static void sample_remove(struct sample_device *s)
{
	buftrack_device_end(&s->dev);
	list_del(&s->link);
	device_del(&s->dev);
	pci_dev_put(s->function);
	put_device(&s->dev);
}

static int sample_end(const char *name)
{
	struct sample_device *s = sample_find(name);

	if (!s)
		return -ENODEV;
	sample_remove(s);
	return 0;
}

/* Unbind and rebind the driver: the struct device stays the same */
static int sample_rebind(const char *name)
{
	struct sample_device *s = sample_find(name);

	if (!s)
		return -ENODEV;
	buftrack_device_end(&s->dev);
	buftrack_device_begin(&s->dev);
	return 0;
}

static int sample_end_client(struct file *file)
{
	struct device *dev = file->private_data;

	if (!dev)
		return -ENOTCONN;
	buftrack_client_end(dev, file);
	put_device(dev);
	file->private_data = NULL;
	return 0;
}

static int sample_begin_client(struct file *file, const char *name)
{
	struct sample_device *s = sample_find(name);

	if (!s)
		return -ENODEV;
	if (file->private_data)
		return -EISCONN;
	file->private_data = get_device(&s->dev);
	buftrack_client_begin(&s->dev, file);
	return 0;
}

static void sample_report(struct sample_op *op)
{
	if (op->is_alloc)
		buftrack_buffer_alloc(op->dev, op->client, &op->buffer);
	else
		buftrack_buffer_free(op->dev, op->client, &op->buffer);
}

static void sample_report_in_irq(struct irq_work *irq)
{
	struct sample_op *op = container_of(irq, struct sample_op, irq);

	sample_report(op);
	complete(&op->done);
}

static void sample_report_in_worker(struct work_struct *work)
{
	struct sample_op *op = container_of(work, struct sample_op, work);

	sample_report(op);
	complete(&op->done);
}

static void sample_report_under_lock(struct sample_op *op)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&sample_busy_lock, flags);
	sample_report(op);
	raw_spin_unlock_irqrestore(&sample_busy_lock, flags);
}

static int sample_report_from(struct sample_op *op)
{
	init_completion(&op->done);
	if (!strcmp(op->from, "lock")) {
		sample_report_under_lock(op);
	} else if (!strcmp(op->from, "irq")) {
		op->irq = IRQ_WORK_INIT_HARD(sample_report_in_irq);
		irq_work_queue(&op->irq);
		wait_for_completion(&op->done);
		irq_work_sync(&op->irq);
	} else if (!strcmp(op->from, "worker")) {
		INIT_WORK(&op->work, sample_report_in_worker);
		schedule_work(&op->work);
		wait_for_completion(&op->done);
		flush_work(&op->work);
	} else if (!strcmp(op->from, "task")) {
		sample_report(op);
	} else {
		return -EINVAL;
	}
	return 0;
}

static int sample_set_number(struct sample_op *op, const char *key, u64 value)
{
	struct buftrack_buffer *b = &op->buffer;

	if (!strcmp(key, "address"))
		b->address = value;
	else if (!strcmp(key, "size"))
		b->size = value;
	else if (!strcmp(key, "span"))
		b->span = value;
	else if (!strcmp(key, "id"))
		b->id = value;
	else if (!strcmp(key, "capacity"))
		b->capacity = value;
	else if (!strcmp(key, "struct_size"))
		b->struct_size = value;
	else if (!strcmp(key, "refused"))
		b->flags |= value ? BUFTRACK_BUFFER_REFUSED : 0;
	else if (!strcmp(key, "refcounted"))
		b->flags |= value ? BUFTRACK_BUFFER_REFCOUNTED : 0;
	else if (!strcmp(key, "aperture"))
		b->flags |= value ? BUFTRACK_BUFFER_APERTURE : 0;
	else if (!strcmp(key, "driver"))
		op->client = value ? NULL : op->client;
	else
		return -EINVAL;
	return 0;
}

static int sample_set(struct sample_op *op, char *word)
{
	const char *key = strsep(&word, "=");
	u64 value;

	if (!word)
		return -EINVAL;
	if (!strcmp(key, "space"))
		return strscpy(op->space, word, sizeof(op->space)) < 0 ? -EINVAL : 0;
	if (!strcmp(key, "from"))
		return strscpy(op->from, word, sizeof(op->from)) < 0 ? -EINVAL : 0;
	return kstrtou64(word, 0, &value) ?: sample_set_number(op, key, value);
}

static void sample_init_op(struct sample_op *op, const struct file *file)
{
	memset(op, 0, sizeof(*op));
	strscpy(op->space, "VRAM", sizeof(op->space));
	strscpy(op->from, "task", sizeof(op->from));
	op->dev = file->private_data;
	op->client = file;
	op->buffer.struct_size = sizeof(op->buffer);
	op->buffer.space = op->space;
}

static int sample_buffer(const struct file *file, char *args, bool is_alloc)
{
	struct sample_op *op = kmalloc(sizeof(*op), GFP_KERNEL);
	char *word;
	int err = 0;

	if (!op)
		return -ENOMEM;
	sample_init_op(op, file);
	op->is_alloc = is_alloc;
	while (!err && (word = strsep(&args, " ")))
		err = sample_set(op, word);
	if (!err)
		err = op->dev ? sample_report_from(op) : -ENOTCONN;
	kfree(op);
	return err;
}

static int sample_traffic(const struct file *file, const char *number)
{
	struct sample_op op;
	unsigned int n, i;

	if (kstrtouint(number ?: "", 0, &n))
		return -EINVAL;
	sample_init_op(&op, file);
	if (!op.dev)
		return -ENOTCONN;
	for (i = 0; i < n; i++) {
		op.buffer.address = 0x1000000ULL * (i % 64);
		op.buffer.size = 4096;
		op.buffer.span = 4096;
		buftrack_buffer_alloc(op.dev, file, &op.buffer);
		op.buffer.span = 0;
		buftrack_buffer_free(op.dev, file, &op.buffer);
		cond_resched();
	}
	return 0;
}

static int sample_command_locked(struct file *file, const char *verb, char *args)
{
	lockdep_assert_held(&sample_lock);
	if (!strcmp(verb, "close"))
		return sample_end_client(file);
	if (!args)
		return -EINVAL;
	if (!strcmp(verb, "add"))
		return sample_add(args);
	if (!strcmp(verb, "many"))
		return sample_add_many(args);
	if (!strcmp(verb, "end"))
		return sample_end(args);
	if (!strcmp(verb, "rebind"))
		return sample_rebind(args);
	if (!strcmp(verb, "open"))
		return sample_begin_client(file, args);
	return -EINVAL;
}

static int sample_command(struct file *file, char *line)
{
	const char *verb = strsep(&line, " ");
	int err;

	if (!strcmp(verb, "alloc"))
		return sample_buffer(file, line, true);
	if (!strcmp(verb, "free"))
		return sample_buffer(file, line, false);
	if (!strcmp(verb, "traffic"))
		return sample_traffic(file, line);
	mutex_lock(&sample_lock);
	err = sample_command_locked(file, verb, line);
	mutex_unlock(&sample_lock);
	return err;
}

static ssize_t sample_write(struct file *file, const char __user *text, size_t size,
			    loff_t *pos)
{
	char line[MAX_COMMAND];
	int err;

	if (size >= sizeof(line))
		return -E2BIG;
	if (copy_from_user(line, text, size))
		return -EFAULT;
	line[size] = 0;
	err = sample_command(file, strim(line));
	return err ?: size;
}

static int sample_open(struct inode *inode, struct file *file)
{
	file->private_data = NULL;
	return 0;
}

static int sample_release(struct inode *inode, struct file *file)
{
	sample_end_client(file);
	return 0;
}

static const struct file_operations sample_fops = {
	.owner = THIS_MODULE,
	.open = sample_open,
	.release = sample_release,
	.write = sample_write,
};

static struct miscdevice sample_node = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "buftrack-sample",
	.mode = 0666,
	.fops = &sample_fops,
};

static int __init sample_init(void)
{
	return misc_register(&sample_node);
}

static void __exit sample_exit(void)
{
	struct sample_device *s, *next;

	misc_deregister(&sample_node);
	list_for_each_entry_safe(s, next, &sample_devices, link)
		sample_remove(s);
}

module_init(sample_init);
module_exit(sample_exit);
MODULE_DESCRIPTION("Reports to buftrack as tests instruct it, right or wrong");
MODULE_AUTHOR("The buftrack authors");
MODULE_LICENSE("GPL");

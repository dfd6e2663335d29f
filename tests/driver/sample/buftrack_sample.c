// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that does to buffers what it is told to, and tells buftrack of it
 *
 * Each open file of /dev/buftrack-sample is a client. A line written to it is a
 * command:
 *
 *	add NAME [PCI]		a device comes, behind that PCI function if one is named
 *	many NUMBER		so many devices come at once: many0, many1, ...
 *	end NAME		a device goes
 *	open NAME		this file is a client of that device from now on
 *	close			and is none any more
 *	alloc KEY=VALUE...	a buffer is allocated: space, address, size, span, id, ...
 *	free KEY=VALUE...	a buffer is freed
 *	traffic NUMBER		so many buffers are allocated and freed, one by one
 *
 * Further keys: from=task|lock|irq|worker says where the driver is when it tells,
 * refused=1 and counted=1 are flags, driver=1 leaves the client out, struct_size= is
 * what the driver believes the structure's size to be.
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

#define MAX_COMMAND	256
#define MAX_NAME	64

/**
 * struct sample_device - a device that the driver is bound to
 * @dev: the device
 * @link: in the list of devices
 * @front: PCI function that it is behind of, NULL: none
 */
struct sample_device {
	struct device dev;
	struct list_head link;
	struct pci_dev *front;
};

/**
 * struct sample_act - a buffer that is allocated or freed
 * @dev: device that it is on
 * @client: whose it is
 * @buffer: what is told of it
 * @is_alloc: it is allocated
 * @space: name of its space
 * @from: where the driver is
 * @irq: takes it to an interrupt
 * @work: takes it to a worker
 * @done: it has been told
 */
struct sample_act {
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

static DEFINE_MUTEX(devices_lock);	/* guards the list, and each file's device */
static LIST_HEAD(devices);
static DEFINE_RAW_SPINLOCK(busy_lock);	/* held where the driver tells of something */

static void sample_release(struct device *dev)
{
	kfree(container_of(dev, struct sample_device, dev));
}

static struct sample_device *find(const char *name)
{
	struct sample_device *s;

	list_for_each_entry(s, &devices, link)
		if (!strcmp(dev_name(&s->dev), name))
			return s;
	return NULL;
}

static struct pci_dev *find_front(const char *name)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if (!strcmp(pci_name(pdev), name))
			return pdev;
	return NULL;
}

/* A device of which nothing is told yet */
static struct sample_device *create(const char *name, const char *front)
{
	struct sample_device *s;
	int err;

	if (find(name))
		return ERR_PTR(-EEXIST);
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return ERR_PTR(-ENOMEM);
	device_initialize(&s->dev);
	s->dev.release = sample_release;
	if (front) {
		s->front = find_front(front);
		s->dev.parent = s->front ? &s->front->dev : NULL;
	}
	err = front && !s->front ? -ENODEV : dev_set_name(&s->dev, "%s", name);
	if (!err)
		err = device_add(&s->dev);
	if (err) {
		pci_dev_put(s->front);
		put_device(&s->dev);
		return ERR_PTR(err);
	}
	list_add_tail(&s->link, &devices);
	return s;
}

static int add(char *args)
{
	const char *name = strsep(&args, " ");
	struct sample_device *s = create(name, args);

	if (IS_ERR(s))
		return PTR_ERR(s);
	buftrack_device_begin(&s->dev);
	return 0;
}

/* Told with interrupts off, so that nothing can be done about them in between */
static int add_many(const char *number)
{
	struct sample_device *s = NULL;
	unsigned long irq;
	char name[MAX_NAME];
	unsigned int n, i;

	if (kstrtouint(number, 0, &n))
		return -EINVAL;
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "many%u", i);
		s = create(name, NULL);
		if (IS_ERR(s))
			return PTR_ERR(s);
	}
	raw_spin_lock_irqsave(&busy_lock, irq);
	list_for_each_entry(s, &devices, link)
		if (strstarts(dev_name(&s->dev), "many"))
			buftrack_device_begin(&s->dev);
	raw_spin_unlock_irqrestore(&busy_lock, irq);
	return 0;
}

static void end_device(struct sample_device *s)
{
	buftrack_device_end(&s->dev);
	list_del(&s->link);
	device_del(&s->dev);
	pci_dev_put(s->front);
	put_device(&s->dev);
}

static int end(const char *name)
{
	struct sample_device *s = find(name);

	if (!s)
		return -ENODEV;
	end_device(s);
	return 0;
}

static int close_client(struct file *file)
{
	struct device *dev = file->private_data;

	if (!dev)
		return -ENOTCONN;
	buftrack_client_end(dev, file);
	put_device(dev);
	file->private_data = NULL;
	return 0;
}

static int open_client(struct file *file, const char *name)
{
	struct sample_device *s = find(name);

	if (!s)
		return -ENODEV;
	if (file->private_data)
		return -EISCONN;
	file->private_data = get_device(&s->dev);
	buftrack_client_begin(&s->dev, file);
	return 0;
}

static void tell(struct sample_act *act)
{
	if (act->is_alloc)
		buftrack_buffer_alloc(act->dev, act->client, &act->buffer);
	else
		buftrack_buffer_free(act->dev, act->client, &act->buffer);
}

static void tell_from_irq(struct irq_work *irq)
{
	struct sample_act *act = container_of(irq, struct sample_act, irq);

	tell(act);
	complete(&act->done);
}

static void tell_from_worker(struct work_struct *work)
{
	struct sample_act *act = container_of(work, struct sample_act, work);

	tell(act);
	complete(&act->done);
}

static void tell_under_lock(struct sample_act *act)
{
	unsigned long irq;

	raw_spin_lock_irqsave(&busy_lock, irq);
	tell(act);
	raw_spin_unlock_irqrestore(&busy_lock, irq);
}

static int carry_out(struct sample_act *act)
{
	init_completion(&act->done);
	if (!strcmp(act->from, "lock")) {
		tell_under_lock(act);
	} else if (!strcmp(act->from, "irq")) {
		act->irq = IRQ_WORK_INIT_HARD(tell_from_irq);
		irq_work_queue(&act->irq);
		wait_for_completion(&act->done);
		irq_work_sync(&act->irq);
	} else if (!strcmp(act->from, "worker")) {
		INIT_WORK(&act->work, tell_from_worker);
		schedule_work(&act->work);
		wait_for_completion(&act->done);
		flush_work(&act->work);
	} else if (!strcmp(act->from, "task")) {
		tell(act);
	} else {
		return -EINVAL;
	}
	return 0;
}

static int set_number(struct sample_act *act, const char *key, u64 value)
{
	struct buftrack_buffer *b = &act->buffer;

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
	else if (!strcmp(key, "counted"))
		b->flags |= value ? BUFTRACK_BUFFER_COUNTED : 0;
	else if (!strcmp(key, "driver"))
		act->client = value ? NULL : act->client;
	else
		return -EINVAL;
	return 0;
}

static int set(struct sample_act *act, char *word)
{
	const char *key = strsep(&word, "=");
	u64 value;

	if (!word)
		return -EINVAL;
	if (!strcmp(key, "space"))
		return strscpy(act->space, word, sizeof(act->space)) < 0 ? -EINVAL : 0;
	if (!strcmp(key, "from"))
		return strscpy(act->from, word, sizeof(act->from)) < 0 ? -EINVAL : 0;
	return kstrtou64(word, 0, &value) ?: set_number(act, key, value);
}

static void init_act(struct sample_act *act, const struct file *file)
{
	memset(act, 0, sizeof(*act));
	strscpy(act->space, "VRAM", sizeof(act->space));
	strscpy(act->from, "task", sizeof(act->from));
	act->dev = file->private_data;
	act->client = file;
	act->buffer.struct_size = sizeof(act->buffer);
	act->buffer.space = act->space;
}

static int act_on_buffer(const struct file *file, char *args, bool is_alloc)
{
	struct sample_act *act = kmalloc(sizeof(*act), GFP_KERNEL);
	char *word;
	int err = 0;

	if (!act)
		return -ENOMEM;
	init_act(act, file);
	act->is_alloc = is_alloc;
	while (!err && (word = strsep(&args, " ")))
		err = set(act, word);
	if (!err)
		err = act->dev ? carry_out(act) : -ENOTCONN;
	kfree(act);
	return err;
}

static int run_traffic(const struct file *file, const char *number)
{
	struct sample_act act;
	unsigned int n, i;

	if (kstrtouint(number ?: "", 0, &n))
		return -EINVAL;
	init_act(&act, file);
	if (!act.dev)
		return -ENOTCONN;
	for (i = 0; i < n; i++) {
		act.buffer.address = 0x1000000ULL * (i % 64);
		act.buffer.size = 4096;
		act.buffer.span = 4096;
		buftrack_buffer_alloc(act.dev, file, &act.buffer);
		act.buffer.span = 0;
		buftrack_buffer_free(act.dev, file, &act.buffer);
		cond_resched();
	}
	return 0;
}

static int command(struct file *file, char *line)
{
	const char *verb = strsep(&line, " ");
	int err;

	if (!strcmp(verb, "alloc"))
		return act_on_buffer(file, line, true);
	if (!strcmp(verb, "free"))
		return act_on_buffer(file, line, false);
	if (!strcmp(verb, "traffic"))
		return run_traffic(file, line);
	mutex_lock(&devices_lock);
	if (!strcmp(verb, "close"))
		err = close_client(file);
	else if (!line)
		err = -EINVAL;
	else if (!strcmp(verb, "add"))
		err = add(line);
	else if (!strcmp(verb, "many"))
		err = add_many(line);
	else if (!strcmp(verb, "end"))
		err = end(line);
	else if (!strcmp(verb, "open"))
		err = open_client(file, line);
	else
		err = -EINVAL;
	mutex_unlock(&devices_lock);
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
	err = command(file, strim(line));
	return err ?: size;
}

static int sample_open(struct inode *inode, struct file *file)
{
	file->private_data = NULL;
	return 0;
}

static int sample_close(struct inode *inode, struct file *file)
{
	close_client(file);
	return 0;
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.open = sample_open,
	.release = sample_close,
	.write = sample_write,
};

static struct miscdevice node = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "buftrack-sample",
	.mode = 0666,
	.fops = &fops,
};

static int __init sample_init(void)
{
	return misc_register(&node);
}

static void __exit sample_exit(void)
{
	struct sample_device *s, *next;

	misc_deregister(&node);
	list_for_each_entry_safe(s, next, &devices, link)
		end_device(s);
}

module_init(sample_init);
module_exit(sample_exit);
MODULE_DESCRIPTION("Tells buftrack of buffers, and does wrong when it is asked to");
MODULE_AUTHOR("The buftrack authors");
MODULE_LICENSE("GPL");

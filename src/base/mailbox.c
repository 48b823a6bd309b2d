#include "ipamtui/mailbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ipamtui/mem.h"

struct node {
    struct node *next;
    void *message;
};
struct mailbox {
    pthread_mutex_t lock;
    struct node *first, **last;
    int fd;
};

struct mailbox *mailbox_new(void)
{
    struct mailbox *box = x_alloc(sizeof(*box));
    pthread_mutex_init(&box->lock, NULL);
    box->last = &box->first;
    box->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return box;
}

void mailbox_free(struct mailbox *box, void (*free_message)(void *message))
{
    if (!box)
        return;
    for (void *message; (message = mailbox_get(box));)
        if (free_message)
            free_message(message);
    close(box->fd);
    pthread_mutex_destroy(&box->lock);
    free(box);
}

void mailbox_put_take(struct mailbox *box, void *message)
{
    struct node *node = x_alloc(sizeof(*node));
    node->message = message;
    pthread_mutex_lock(&box->lock);
    *box->last = node;
    box->last = &node->next;
    uint64_t one = 1;
    ssize_t n = write(box->fd, &one, sizeof(one));
    (void)n; /* full counter: the receiver is awake anyway */
    pthread_mutex_unlock(&box->lock); /* last: who gets this message may free the box */
}

void *mailbox_get(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    struct node *node = box->first;
    if (node) {
        box->first = node->next;
        if (!box->first)
            box->last = &box->first;
    }
    if (!box->first) { /* under the lock: a put after this wakes again */
        uint64_t count;
        ssize_t n = read(box->fd, &count, sizeof(count));
        (void)n;
    }
    pthread_mutex_unlock(&box->lock);
    void *message = node ? node->message : NULL;
    free(node);
    return message;
}

int mailbox_fd(const struct mailbox *box)
{
    return box->fd;
}

/* ssh_measure.h - CPU and memory of a tree of processes, of an sshd. Included by one benchmark. */
#ifndef IPAM_BENCH_SSH_MEASURE_H
#define IPAM_BENCH_SSH_MEASURE_H

#include <pthread.h>
#include <stdatomic.h>

#include "measure.h"
#include "sshd.h"

#define SAMPLE_US 200000

/* All processes; those below root, and root, are marked. Parents have lower numbers than most of their children: few rounds. */
static inline size_t procs_below(pid_t root, struct proc *list)
{
    size_t count = procs_read(list);
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < count && !list[i].below; k++)
                if (list[i].pid == root || (list[k].below && list[k].pid == list[i].parent))
                    more = list[i].below = true;
    }
    return count;
}

/* The peak of a tree, sampled by a thread. */
struct watch {
    pid_t root, also; /* also: a process elsewhere, or 0 */
    long rss_kb, pss_kb;
    atomic_bool over;
    pthread_t thread;
};

static inline void *watch_run(void *ctx)
{
    static struct proc list[PROCS_MOST];
    struct watch *w = ctx;
    while (!w->over) {
        long rss = 0, pss = 0;
        size_t count = procs_below(w->root, list);
        for (size_t i = 0; i < count; i++)
            if ((list[i].below || list[i].pid == w->also))
                memory_of(list[i].pid, &rss, &pss);
        w->rss_kb = rss > w->rss_kb ? rss : w->rss_kb;
        w->pss_kb = pss > w->pss_kb ? pss : w->pss_kb;
        usleep(SAMPLE_US);
    }
    return NULL;
}

static inline void watch_start(struct watch *w, pid_t root, pid_t also)
{
    *w = (struct watch){ .root = root, .also = also };
    pthread_create(&w->thread, NULL, watch_run, w);
}

static inline void watch_stop(struct watch *w)
{
    w->over = true;
    pthread_join(w->thread, NULL);
}

/* All that an sshd has used, once its connections are gone and waited for. */
static inline double sshd_cpu(const struct sshd *s)
{
    static struct proc list[PROCS_MOST];
    struct proc p = { 0 };
    for (int i = 0; i < 100; i++) {
        size_t count = procs_below(s->pid, list), below = 0;
        for (size_t k = 0; k < count; k++)
            below += list[k].below;
        if (below <= 1)
            break;
        usleep(100000);
    }
    proc_read(s->pid, &p);
    return p.cpu_s + p.children_s;
}

#endif

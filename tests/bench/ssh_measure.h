/* ssh_measure.h - CPU and memory of this process, of a tree of processes, of an sshd. Included by one benchmark. */
#ifndef IPAM_BENCH_SSH_MEASURE_H
#define IPAM_BENCH_SSH_MEASURE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "sshd.h"

#define SAMPLE_US 200000
#define PROCS_MOST 4096

struct proc {
    pid_t pid, parent;
    bool below;
    double cpu_s, children_s; /* of itself; of the children that it has waited for */
};

static inline bool proc_read(pid_t pid, struct proc *out)
{
    char path[64], text[1024];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = '\0';
    const char *at = strrchr(text, ')');
    unsigned long u, s;
    long cu, cs;
    int parent;
    if (!at || sscanf(at + 2, "%*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld", &parent, &u, &s, &cu, &cs) != 5)
        return false;
    double tick = (double)sysconf(_SC_CLK_TCK);
    *out = (struct proc){ .pid = pid, .parent = parent, .cpu_s = (double)(u + s) / tick, .children_s = (double)(cu + cs) / tick };
    return true;
}

static inline double timeval_s(const struct timeval *a, const struct timeval *b)
{
    return (double)(a->tv_sec + b->tv_sec) + (double)(a->tv_usec + b->tv_usec) / 1e6;
}

static inline double cpu_of(int who)
{
    struct rusage r;
    getrusage(who, &r);
    return timeval_s(&r.ru_utime, &r.ru_stime);
}

/* Resident, and the share of it that is nobody else's (proportional), in kB. */
static inline void memory_of(pid_t pid, long *rss, long *pss)
{
    char path[64], line[256];
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    FILE *f = fopen(path, "r");
    long kb;
    while (f && fgets(line, sizeof(line), f)) {
        if (sscanf(line, "Rss: %ld", &kb) == 1)
            *rss += kb;
        else if (sscanf(line, "Pss: %ld", &kb) == 1)
            *pss += kb;
    }
    if (f)
        fclose(f);
}

/* All processes; those below root, and root, are marked. Parents have lower numbers than most of their children: few rounds. */
static inline size_t procs_below(pid_t root, struct proc *list)
{
    DIR *dir = opendir("/proc");
    const struct dirent *entry;
    size_t count = 0;
    while (dir && (entry = readdir(dir)) && count < PROCS_MOST)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && proc_read((pid_t)atoi(entry->d_name), &list[count]))
            count++;
    if (dir)
        closedir(dir);
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

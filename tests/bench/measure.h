/* measure.h - CPU and memory of this process and of others, for benchmarks. */
#ifndef IPAM_BENCH_MEASURE_H
#define IPAM_BENCH_MEASURE_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

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

/* All processes there are, at most PROCS_MOST. */
static inline size_t procs_read(struct proc *list)
{
    DIR *dir = opendir("/proc");
    const struct dirent *entry;
    size_t count = 0;
    while (dir && (entry = readdir(dir)) && count < PROCS_MOST)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && proc_read((pid_t)atoi(entry->d_name), &list[count]))
            count++;
    if (dir)
        closedir(dir);
    return count;
}

/* who: RUSAGE_SELF, or RUSAGE_CHILDREN for those that were waited for. */
static inline double cpu_of(int who)
{
    struct rusage r = { 0 };
    getrusage(who, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

/* What the first thread of a process has run, which /proc has to the nanosecond; cpu_s of it is in hundredths, too coarse for a sum
 * over hundreds of hosts that did little each. */
static inline double ran_s(const struct proc *p)
{
    char path[64];
    unsigned long long ns = 0;
    snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)p->pid);
    FILE *f = fopen(path, "r");
    bool ok = f && fscanf(f, "%llu", &ns) == 1;
    if (f)
        fclose(f);
    return ok ? (double)ns / 1e9 : p->cpu_s;
}

/* CPU of the simulated hosts: all processes that are ours (they have one thread), and were. They share the machine with us, so it
 * belongs to the picture. */
static inline double hosts_cpu(void)
{
    static struct proc list[PROCS_MOST];
    double total = cpu_of(RUSAGE_CHILDREN);
    size_t count = procs_read(list);
    for (size_t i = 0; i < count; i++)
        if (list[i].parent == getpid())
            total += ran_s(&list[i]);
    return total;
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

#endif

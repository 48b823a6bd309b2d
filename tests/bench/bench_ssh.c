/* SSH to hundreds of hosts behind one jump host, on loopback: cold, far away, warm, idle; beside the parallel shells of Debian (clush,
 * parallel-ssh, ansible), each with one shared connection to the jump host and curve25519. Prints figures and whether they reach
 * their goals; under five minutes.
 *
 * All share the two cores with the sshds, so wall times on a busy machine say little: CPU does, and it is that of the whole tree
 * of processes, helpers and the shared connection included. Ours runs as a program of its own, measured just like a peer. */
#include <limits.h>

#include "ipamtui/clock.h"
#include "ipamtui/loop.h"
#include "ipamtui/mem.h"
#include "ipamtui/transport.h"
#include "ssh_measure.h"
#include "ssh_relay.h"

#define COLD 200
#define MANY 500
#define IDLE_MS 20000
#define FANOUT 64
#define ADDED_MS 50     /* by the relay, to every round trip */
#define PEER_LIMIT_S 45 /* who needs longer is stopped */
#define MAX_IDLE_MB 60

static struct lab lab;
static struct sshd target, jump;
static char self[PATH_MAX];

/* ---- ours */

struct bench {
    struct loop *loop;
    struct transport *t[MANY];
    size_t opened, answers, failed, want;
    struct loop_timer limit;
};

static void on_opened(void *ctx)
{
    struct bench *b = ctx;
    b->opened++;
}

static void on_data(void *ctx, const void *bytes, size_t len)
{
    struct bench *b = ctx;
    for (size_t i = 0; i < len; i++)
        b->answers += ((const char *)bytes)[i] == '\n';
    if (b->answers + b->failed >= b->want)
        loop_stop(b->loop);
}

static void on_closed(void *ctx, enum transport_step step, const struct err *err, const char *tail)
{
    struct bench *b = ctx;
    (void)tail;
    if (err->kind != ERR_NONE && b->failed++ == 0)
        fprintf(stderr, "   failed in %s: %s\n", transport_step_name(step), err->text);
    if (b->answers + b->failed >= b->want)
        loop_stop(b->loop);
}

static void on_limit(void *ctx)
{
    loop_stop(((struct bench *)ctx)->loop);
}

static struct transport_hub *begin(struct bench *b, const char *config, size_t count, const char *command)
{
    static const struct transport_events events = { .opened = on_opened, .data = on_data, .closed = on_closed };
    /* All hosts are one sshd here, which the limit per host would slow down. */
    struct transport_hub_options options = { .ssh_config = config, .max_handshakes_per_host = FANOUT, .max_handshakes = FANOUT };
    b->loop = loop_new();
    struct transport_hub *hub = transport_hub_new(b->loop, &options);
    for (size_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof(name), "h%zu", i);
        struct transport_target to = { .name = name, .kind = TRANSPORT_SSH, .address = name, .command = command };
        b->t[i] = transport_open(hub, &to, &events, b);
    }
    return hub;
}

static void wait_answers(struct bench *b, size_t want, int64_t limit_ms)
{
    b->want = want;
    b->answers = b->failed = 0;
    loop_timer_in(b->loop, &b->limit, limit_ms, on_limit, b);
    loop_run(b->loop);
}

static void end(struct bench *b, struct transport_hub *hub, size_t count)
{
    for (size_t i = 0; i < count; i++)
        transport_close(b->t[i]);
    loop_timer_stop(&b->limit);
    transport_hub_free(hub);
    loop_free(b->loop);
}

/* The program that is measured: `bench_ssh call CONFIG ANSWERS`, one line for each host that answered. */
static int call_all(const char *config, const char *answers)
{
    static struct bench b;
    transport_keep_answers(answers);
    struct transport_hub *hub = begin(&b, config, COLD, "echo in");
    wait_answers(&b, COLD, PEER_LIMIT_S * 1000);
    for (size_t i = 0; i < b.answers; i++)
        puts("in");
    end(&b, hub, COLD);
    return b.failed > 0;
}

/* ---- one run of anybody */

struct figures {
    double wall_s, cpu_s, sshd_s, rss_mb, pss_mb;
    int answers;
    bool ran;
};

static pid_t start_line(const char *line)
{
    char whole[2000];
    snprintf(whole, sizeof(whole), "cd %s && exec timeout -k 2 %d sh -c \"$0\" >run.out 2>run.err </dev/null", lab.dir, PEER_LIMIT_S);
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        execl("/bin/sh", "sh", "-c", whole, line, (char *)NULL);
        _exit(127);
    }
    return pid;
}

/* The process that keeps the connection to the jump host for all: part of the client. */
static pid_t master_pid(const char *config)
{
    lab_run(&lab, "ssh -F %s -O check jump 2>&1 | sed 's/.*pid=\\([0-9]*\\).*/\\1/' >master.pid", config);
    return (pid_t)atoi(lab_read(&lab, "master.pid"));
}

static struct figures measure(const char *line, pid_t master)
{
    struct watch watch;
    struct figures f = { .ran = true };
    struct proc before = { 0 }, after = { 0 };
    double sshd_before = sshd_cpu(&target) + sshd_cpu(&jump), children = cpu_of(RUSAGE_CHILDREN);
    if (master)
        proc_read(master, &before);
    int64_t began = clock_mono_us();
    pid_t pid = start_line(line);
    watch_start(&watch, pid, master);
    waitpid(pid, NULL, 0);
    f.wall_s = (double)(clock_mono_us() - began) / 1e6;
    watch_stop(&watch);
    if (master)
        proc_read(master, &after);
    f.cpu_s = cpu_of(RUSAGE_CHILDREN) - children + after.cpu_s - before.cpu_s;
    f.rss_mb = (double)watch.rss_kb / 1024;
    f.pss_mb = (double)watch.pss_kb / 1024;
    lab_run(&lab, "tr -d '\\r' <run.out | grep -c 'in$' >run.count"); /* ansible's come from a terminal */
    f.answers = atoi(lab_read(&lab, "run.count"));
    if (!master) /* with a shared connection the jump host's sshd is still at work */
        f.sshd_s = sshd_cpu(&target) + sshd_cpu(&jump) - sshd_before;
    return f;
}

static void show(const char *who, const struct figures *f)
{
    printf("   %-32s %7.2f s wall  %7.2f s client CPU  %6.0f MB PSS (%.0f MB RSS)  %d answers%s\n", who, f->wall_s, f->cpu_s, f->pss_mb,
           f->rss_mb, f->answers, f->answers < COLD ? "  INCOMPLETE" : "");
}

static void goal(const char *what, double is, double most, const char *unit)
{
    printf("   goal: %-60s %7.2f %s, at most %.2f: %s\n", what, is, unit, most, is <= most ? "reached" : "MISSED");
}

/* ---- peers */

static const struct peer {
    const char *program, *line; /* %s: the configuration */
} peers[] = {
    { "clush", "clush -w 'h[0-199]' -f 64 -o '-F %s' 'echo in'" },
    { "parallel-ssh", "parallel-ssh -i -h hosts -p 64 -x '-F %s' 'echo in'" },
    { "ansible", "ANSIBLE_HOST_KEY_CHECKING=0 ANSIBLE_SSH_ARGS='-F %s' ansible all -i hosts -f 64 -m raw -a 'echo in'" },
};

/* From Debian's own packages, when this may install them. */
static void install_peers(void)
{
    static const char *const packages[COUNT(peers)] = { "clustershell", "pssh", "ansible-core" };
    for (size_t i = 0; i < COUNT(peers); i++)
        if (getuid() == 0 && lab_run(&lab, "command -v %s", peers[i].program) != 0) {
            printf("   installing %s ...\n", packages[i]);
            lab_run(&lab, "DEBIAN_FRONTEND=noninteractive timeout 120 apt-get install -y --no-install-recommends %s", packages[i]);
        }
}

static bool with_peers(void)
{
    const char *word = getenv("BENCH_PEERS");
    return !word || strcmp(word, "no") != 0;
}

/* The best of each figure among those that finished. */
static struct figures run_peers(const char *config)
{
    struct figures best = { .wall_s = 1e9, .cpu_s = 1e9, .pss_mb = 1e9, .rss_mb = 1e9 };
    char line[400];
    if (!with_peers())
        return best;
    lab_run(&lab, "ssh -F %s -M -N -f jump", config);
    pid_t master = master_pid(config);
    for (size_t i = 0; i < COUNT(peers); i++) {
        if (lab_run(&lab, "command -v %s", peers[i].program) != 0) {
            printf("   %-32s not installed\n", peers[i].program);
            continue;
        }
        snprintf(line, sizeof(line), peers[i].line, config);
        struct figures f = measure(line, master);
        show(peers[i].program, &f);
        if (f.answers < COLD)
            continue;
        best.ran = true;
        best.wall_s = MIN(best.wall_s, f.wall_s);
        best.cpu_s = MIN(best.cpu_s, f.cpu_s);
        best.pss_mb = MIN(best.pss_mb, f.pss_mb);
        best.rss_mb = MIN(best.rss_mb, f.rss_mb);
    }
    lab_run(&lab, "ssh -F %s -O exit jump", config);
    return best;
}

static struct figures run_ours(const char *who, const char *config, const char *answers)
{
    char line[PATH_MAX + 300];
    snprintf(line, sizeof(line), "exec %s call %s/%s %s/%s", self, lab.dir, config, lab.dir, answers);
    struct figures f = measure(line, 0);
    show(who, &f);
    return f;
}

static void cold(void)
{
    printf("  %d hosts cold through one jump host, one call each\n", COLD);
    struct figures first = run_ours("ipamtui, first run ever", "config", "answers");
    struct figures f = run_ours("ipamtui, any later run", "config", "answers");
    struct figures best = run_peers("config.peers");
    printf("   the sshds and what they ran used %.2f s CPU: at least %.2f s wall on two cores\n", f.sshd_s, f.sshd_s / 2);
    goal("wall, over what the sshds' CPU allows", f.wall_s / (f.sshd_s / 2), 1.3, "x");
    goal("the same, first run ever", first.wall_s / (first.sshd_s / 2), 1.3, "x");
    if (!best.ran)
        return;
    goal("wall, under the best peer", f.wall_s, best.wall_s, "s");
    goal("the same, first run ever", first.wall_s, best.wall_s, "s");
    goal("client CPU, a fifth of the best peer", f.cpu_s, best.cpu_s / 5, "s");
    goal("the same, first run ever", first.cpu_s, best.cpu_s / 5, "s");
    goal("client memory (RSS of all its processes), a fifth", f.rss_mb, best.rss_mb / 5, "MB");
    goal("the same, first run ever", first.rss_mb, best.rss_mb / 5, "MB");
    goal("client memory (PSS: shared pages once), a fifth", f.pss_mb, best.pss_mb / 5, "MB");
}

static void far_away(void)
{
    printf("  the same with %d ms more to every round trip to the jump host\n", ADDED_MS);
    struct figures f = run_ours("ipamtui", "config.far", "answers.far");
    f = run_ours("ipamtui, any later run", "config.far", "answers.far");
    struct figures best = run_peers("config.far.peers");
    if (best.ran)
        goal("wall, half of the best peer", f.wall_s, best.wall_s / 2, "s");
}

/* ---- sessions that stay */

static long resident_mb(void)
{
    long rss = 0, pss = 0;
    memory_of(getpid(), &rss, &pss);
    return rss / 1024;
}

/* `bench_ssh hold CONFIG ANSWERS`: in a process of its own, so that nothing else is in its memory. */
static int hold(const char *config, const char *answers)
{
    static struct bench b;
    transport_keep_answers(answers);
    int64_t began = clock_mono_ms();
    struct transport_hub *hub = begin(&b, config, MANY, "cat");
    for (size_t i = 0; i < MANY; i++)
        transport_write(b.t[i], "x\n", 2);
    wait_answers(&b, MANY, 60000);
    printf("   %zu of %d opened: %.2f s wall\n", b.answers, MANY, (double)(clock_mono_ms() - began) / 1e3);
    double busy = cpu_of(RUSAGE_SELF);
    wait_answers(&b, SIZE_MAX, IDLE_MS);
    goal("memory of 500 idle sessions", (double)resident_mb(), MAX_IDLE_MB, "MB");
    goal("CPU of 500 idle sessions", (cpu_of(RUSAGE_SELF) - busy) / (IDLE_MS / 1e5), 1, "%");
    began = clock_mono_ms();
    busy = cpu_of(RUSAGE_SELF);
    for (size_t i = 0; i < MANY; i++)
        transport_write(b.t[i], "x\n", 2);
    wait_answers(&b, MANY, 30000);
    printf("   ipamtui: %zu answers in %.3f s wall, %.2f s CPU\n", b.answers, (double)(clock_mono_ms() - began) / 1e3,
           cpu_of(RUSAGE_SELF) - busy);
    goal("wall of a call to 500 hosts with sessions open", (double)(clock_mono_ms() - began) / 1e3, 2, "s");
    end(&b, hub, MANY);
    return 0;
}

/* 500 masters, straight to the server: a pipe through the jump host for each would only make it slower. */
static void warm_clush(void)
{
    char line[300];
    if (lab_run(&lab, "command -v clush") != 0)
        return;
    lab_run(&lab, "mkdir -p ctl; timeout %d clush -w 'h[0-%d]' -f 64 -o '-F config.warm' true; ls ctl | wc -l >masters", PEER_LIMIT_S,
            MANY - 1);
    int masters = atoi(lab_read(&lab, "masters"));
    snprintf(line, sizeof(line), "clush -w 'h[0-%d]' -f 64 -o '-F config.warm' 'echo in'", MANY - 1);
    int64_t began = clock_mono_ms();
    pid_t pid = start_line(line);
    waitpid(pid, NULL, 0);
    double wall_s = (double)(clock_mono_ms() - began) / 1e3;
    lab_run(&lab, "tr -d '\\r' <run.out | grep -c 'in$' >run.count");
    printf("   clush: %d answers in %.2f s wall over %d masters (ControlMaster)\n", atoi(lab_read(&lab, "run.count")), wall_s, masters);
    lab_run(&lab, "for s in ctl/*; do ssh -F config.warm -S $s -O exit x 2>/dev/null; done");
}

static void warm_and_idle(void)
{
    char line[PATH_MAX + 300];
    printf("  %d hosts with sessions open\n", MANY);
    fflush(stdout);
    snprintf(line, sizeof(line), "%s hold %s/config %s/answers", self, lab.dir, lab.dir);
    if (system(line) != 0)
        printf("   FAILED\n");
    warm_clush();
}

/* ---- the lab: one sshd stands for all hosts, each with a name of its own in known_hosts */

static void write_config(const char *name, int jump_port, const char *jump_extra, const char *all_extra)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", lab.dir, name);
    FILE *f = fopen(path, "w");
    if (!f)
        return;
    fprintf(f, "Host jump\n HostName 127.0.0.1\n Port %d\n HostKeyAlias jump\n%s", jump_port, jump_extra);
    for (int i = 0; i < MANY; i++)
        fprintf(f, "Host h%d\n HostKeyAlias host%d\n", i, i);
    fprintf(f, "Host h*\n HostName 127.0.0.1\n Port %d\n%s", target.port, all_extra);
    fprintf(f, "Host *\n User %s\n IdentityFile %s/id\n IdentitiesOnly yes\n UserKnownHostsFile %s/known\n GlobalKnownHostsFile none\n"
               " KexAlgorithms curve25519-sha256\n LogLevel ERROR\n", lab.user, lab.dir, lab.dir);
    fclose(f);
}

static void write_configs(int relay_port)
{
    char master[200], pipe[300], warm[200];
    write_config("config", jump.port, "", " ProxyJump jump\n");
    write_config("config.far", relay_port, "", " ProxyJump jump\n");
    snprintf(master, sizeof(master), " ControlPath %s/master\n", lab.dir);
    snprintf(pipe, sizeof(pipe), " ProxyCommand ssh -F %s/config.peers -W %%h:%%p jump\n", lab.dir);
    write_config("config.peers", jump.port, master, pipe);
    snprintf(pipe, sizeof(pipe), " ProxyCommand ssh -F %s/config.far.peers -W %%h:%%p jump\n", lab.dir);
    write_config("config.far.peers", relay_port, master, pipe);
    snprintf(warm, sizeof(warm), " ControlMaster auto\n ControlPath %s/ctl/%%n\n ControlPersist 60\n", lab.dir);
    write_config("config.warm", jump.port, "", warm);
}

static bool lab_up(pid_t *relay)
{
    int relay_port = 0;
    if (!lab_begin(&lab) || !sshd_start(&lab, &target, "target", "MaxStartups 2000\n") || !sshd_start(&lab, &jump, "jump", ""))
        return false;
    lab_run(&lab, "key=$(cut -d' ' -f1,2 target/hostkey.pub); seq -f \"host%%g $key\" 0 %d >known; "
            "echo \"jump $(cut -d' ' -f1,2 jump/hostkey.pub)\" >>known; seq -f 'h%%g' 0 %d >hosts", MANY - 1, COLD - 1);
    *relay = relay_start(&relay_port, jump.port, ADDED_MS * 1000 / 2);
    write_configs(relay_port);
    sleep(2); /* answers that rest on files just written are not kept */
    return *relay > 0;
}

/* part: NULL = all of it. BENCH_PEERS=no leaves the others out. */
static void bench(const char *part)
{
    char load[64] = "";
    FILE *f = fopen("/proc/loadavg", "r");
    if (f && fgets(load, sizeof(load), f))
        printf("  load before: %s", load);
    if (f)
        fclose(f);
    if (with_peers())
        install_peers();
    if (!part || strcmp(part, "cold") == 0)
        cold();
    if (!part || strcmp(part, "far") == 0)
        far_away();
    if (!part || strcmp(part, "warm") == 0)
        warm_and_idle();
}

int main(int argc, char **argv)
{
    pid_t relay = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 4 && strcmp(argv[1], "call") == 0)
        return call_all(argv[2], argv[3]);
    if (argc == 4 && strcmp(argv[1], "hold") == 0)
        return hold(argv[2], argv[3]);
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    bool ok = n > 0 && lab_up(&relay);
    if (ok)
        bench(argc == 2 ? argv[1] : NULL);
    if (relay > 0)
        kill(relay, SIGKILL);
    sshd_kill(&target);
    sshd_kill(&jump);
    lab_end(&lab);
    return !ok;
}

/* SSH to hundreds of hosts behind one jump host, on loopback: cold, warm, idle; beside the parallel shells of Debian that are
 * installed (clush, parallel-ssh, ansible), with one shared connection to the jump host and curve25519. Prints figures only.
 *
 * The sshds share the two cores: their CPU is what the wall time cannot go below. */
#include <sys/resource.h>

#include "ipamtui/clock.h"
#include "ipamtui/loop.h"
#include "ipamtui/mem.h"
#include "ipamtui/transport.h"
#include "sshd.h"

#define COLD 200
#define IDLE 500
#define IDLE_MS 20000

static struct lab lab;
static struct sshd target, jump;

struct bench {
    struct loop *loop;
    struct transport *t[IDLE];
    size_t opened, answers, failed, want;
    struct loop_timer limit;
};

static double seconds(const struct timeval *a, const struct timeval *b)
{
    return (double)(a->tv_sec + b->tv_sec) + (double)(a->tv_usec + b->tv_usec) / 1e6;
}

static double cpu(int who)
{
    struct rusage r;
    getrusage(who, &r);
    return seconds(&r.ru_utime, &r.ru_stime);
}

static long resident_kb(void)
{
    char line[256];
    long kb = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "VmRSS: %ld", &kb) == 1)
            break;
    if (f)
        fclose(f);
    return kb;
}

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
        printf("   failed in %s: %s\n", transport_step_name(step), err->text);
    if (b->answers + b->failed >= b->want)
        loop_stop(b->loop);
}

static void on_limit(void *ctx)
{
    loop_stop(((struct bench *)ctx)->loop);
}

static struct transport_hub *begin(struct bench *b, size_t count, const char *command)
{
    static const struct transport_events events = { .opened = on_opened, .data = on_data, .closed = on_closed };
    static char config[128];
    /* All hosts are one sshd here, which the limit per host would slow down. */
    struct transport_hub_options options = { .ssh_config = config, .max_handshakes_per_host = 64, .max_handshakes = 64 };
    snprintf(config, sizeof(config), "%s/config", lab.dir);
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

static void cold(void)
{
    struct bench b = { 0 };
    double self = cpu(RUSAGE_SELF), children = cpu(RUSAGE_CHILDREN);
    int64_t began = clock_mono_ms();
    struct transport_hub *hub = begin(&b, COLD, "echo in");
    wait_answers(&b, COLD, 120000);
    printf("   %d cold through one jump host: %.2f s wall, client %.2f s CPU + %.2f s in ssh -G, ssh-keygen; %ld MB; %zu answers\n", COLD,
           (double)(clock_mono_ms() - began) / 1e3, cpu(RUSAGE_SELF) - self, cpu(RUSAGE_CHILDREN) - children, resident_kb() / 1024,
           b.answers);
    end(&b, hub, COLD);
}

static void warm_and_idle(void)
{
    struct bench b = { 0 };
    int64_t began = clock_mono_ms();
    struct transport_hub *hub = begin(&b, IDLE, "cat");
    for (size_t i = 0; i < IDLE; i++)
        transport_write(b.t[i], "x\n", 2);
    wait_answers(&b, IDLE, 240000);
    printf("   %d opened: %.2f s wall, %ld MB\n", IDLE, (double)(clock_mono_ms() - began) / 1e3, resident_kb() / 1024);
    double self = cpu(RUSAGE_SELF);
    wait_answers(&b, SIZE_MAX, IDLE_MS);
    printf("   idle for %d s: %.2f %% CPU, %ld MB\n", IDLE_MS / 1000, (cpu(RUSAGE_SELF) - self) / (IDLE_MS / 1e5), resident_kb() / 1024);
    began = clock_mono_ms();
    self = cpu(RUSAGE_SELF);
    for (size_t i = 0; i < IDLE; i++)
        transport_write(b.t[i], "x\n", 2);
    wait_answers(&b, IDLE, 60000);
    printf("   %zu warm answers: %.3f s wall, %.2f s CPU\n", b.answers, (double)(clock_mono_ms() - began) / 1e3, cpu(RUSAGE_SELF) - self);
    end(&b, hub, IDLE);
}

static void peer(const char *program, const char *line)
{
    double children = cpu(RUSAGE_CHILDREN);
    int64_t began = clock_mono_ms();
    if (lab_run(&lab, "command -v %s", program) != 0) {
        printf("   %s: not installed\n", program);
        return;
    }
    int status = lab_run(&lab, "%s >peer.out", line);
    lab_run(&lab, "grep -c 'in$' peer.out >peer.count");
    printf("   %s: %.2f s wall, %.2f s CPU, %d answers%s\n", program, (double)(clock_mono_ms() - began) / 1e3,
           cpu(RUSAGE_CHILDREN) - children, atoi(lab_read(&lab, "peer.count")), status ? " (with errors)" : "");
}

/* One connection to the jump host for all, as their manuals advise. */
static void peers(void)
{
    lab_run(&lab, "seq -f 'h%%g' 0 %d >hosts; ssh -F config.peers -M -N -f jump", COLD - 1);
    peer("clush", "clush -w h[0-199] -f 64 -o '-F config.peers' 'echo in'");
    peer("parallel-ssh", "parallel-ssh -i -h hosts -p 64 -x '-F config.peers' 'echo in'");
    peer("ansible", "ANSIBLE_HOST_KEY_CHECKING=0 ansible all -i hosts -f 64 -m raw -a 'echo in' --ssh-common-args='-F config.peers'");
    lab_run(&lab, "ssh -F config.peers -O exit jump");
}

static bool lab_up(void)
{
    if (!lab_begin(&lab) || !sshd_start(&lab, &target, "target", "MaxStartups 2000\n") || !sshd_start(&lab, &jump, "jump", ""))
        return false;
    know(&lab, &target, "known");
    know(&lab, &jump, "known");
    static const char common[] = "Host jump\n HostName 127.0.0.1\n Port %d\n%sHost h*\n HostName 127.0.0.1\n Port %d\n %s\n"
                                 "Host *\n User %s\n IdentityFile %s/id\n UserKnownHostsFile %s/known\n GlobalKnownHostsFile none\n"
                                 " KexAlgorithms curve25519-sha256\n";
    char master[200], pipe[200];
    lab_write(&lab, "config", common, jump.port, "", target.port, "ProxyJump jump", lab.user, lab.dir, lab.dir);
    snprintf(master, sizeof(master), " ControlPath %s/master\n", lab.dir);
    snprintf(pipe, sizeof(pipe), "ProxyCommand ssh -F %s/config.peers -W %%h:%%p jump", lab.dir);
    lab_write(&lab, "config.peers", common, jump.port, master, target.port, pipe, lab.user, lab.dir, lab.dir);
    return true;
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    bool ok = lab_up();
    if (ok) {
        cold();
        peers();
        warm_and_idle();
    }
    sshd_kill(&target);
    sshd_kill(&jump);
    lab_end(&lab);
    return !ok;
}

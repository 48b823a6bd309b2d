/* sshd.h - real OpenSSH servers for tests: on loopback, unprivileged ports, with throw-away keys and files of their own.
 *
 * Everything lies in one temporary folder (struct lab), so that nobody's ~/.ssh is read or written. Included by one test each;
 * functions are static inline so that unused ones do not warn. */
#ifndef IPAM_TEST_SSHD_H
#define IPAM_TEST_SSHD_H

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct lab {
    char dir[64];
    char user[64];
};
struct sshd {
    pid_t pid;
    int port;
    char dir[96]; /* of this server: hostkey, hostkey.pub, log, config */
};

/* Runs a shell line in the lab's folder; the caller looks at the result. */
__attribute__((format(printf, 2, 3))) static inline int lab_run(const struct lab *lab, const char *fmt, ...)
{
    char line[4096], whole[4400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    snprintf(whole, sizeof(whole), "cd %s && { %s ; } </dev/null >>run.log 2>&1", lab->dir, line);
    return system(whole);
}

__attribute__((format(printf, 3, 4))) static inline void lab_write(const struct lab *lab, const char *file,
                                                                    const char *fmt, ...)
{
    char path[256];
    va_list args;
    snprintf(path, sizeof(path), "%s/%s", lab->dir, file);
    FILE *f = fopen(path, "w");
    if (!f)
        return;
    va_start(args, fmt);
    vfprintf(f, fmt, args);
    va_end(args);
    fclose(f);
    chmod(path, 0600);
}

/* Reads a file of the lab; a static buffer. */
static inline const char *lab_read(const struct lab *lab, const char *file)
{
    static char text[65536];
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", lab->dir, file);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = '\0';
    return text;
}

/* A key pair of the lab: keys are made once per name. type: ed25519, rsa, ecdsa. */
static inline void lab_key(const struct lab *lab, const char *name, const char *type, const char *passphrase)
{
    lab_run(lab, "[ -e %s ] || ssh-keygen -q -t %s -N '%s' -C '%s' -f %s", name, type, passphrase, name, name);
}

static inline bool lab_begin(struct lab *lab)
{
    const struct passwd *pw = getpwuid(getuid());
    snprintf(lab->dir, sizeof(lab->dir), "/tmp/ipamtui-lab-XXXXXX");
    snprintf(lab->user, sizeof(lab->user), "%s", pw ? pw->pw_name : "nobody");
    if (!mkdtemp(lab->dir))
        return false;
    if (getuid() == 0)
        mkdir("/run/sshd", 0755); /* sshd of root insists on it */
    lab_key(lab, "id", "ed25519", "");
    lab_run(lab, "cp id.pub authorized_keys");
    /* Nothing of the caller's: no agent, no home. */
    setenv("HOME", lab->dir, 1);
    setenv("XDG_RUNTIME_DIR", lab->dir, 1);
    unsetenv("SSH_AUTH_SOCK");
    unsetenv("SSH_ASKPASS");
    return true;
}

static inline void lab_end(const struct lab *lab)
{
    char line[128];
    snprintf(line, sizeof(line), "rm -rf %s", lab->dir);
    if (system(line) != 0)
        fprintf(stderr, "cannot remove %s\n", lab->dir);
}

/* A port that was free a moment ago. */
static inline int free_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int port = 0;
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && getsockname(fd, (struct sockaddr *)&at, &len) == 0)
        port = ntohs(at.sin_port);
    close(fd);
    return port;
}

static inline bool port_answers(int port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool ok = connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
    close(fd);
    return ok;
}

/* Starts (again) the server in s->dir on s->port with lines added to its configuration. wrap: what it is started by, or "". */
static inline bool sshd_run(const struct lab *lab, struct sshd *s, const char *wrap, const char *extra)
{
    char config[160], log[160], line[512];
    snprintf(config, sizeof(config), "%s/config", s->dir);
    snprintf(log, sizeof(log), "%s/log", s->dir);
    FILE *f = fopen(config, "w");
    if (!f)
        return false;
    fprintf(f,
            "Port %d\nListenAddress 127.0.0.1\nHostKey %s/hostkey\nPidFile none\nStrictModes no\nPrintMotd no\n"
            "AuthorizedKeysFile %s/authorized_keys\nLogLevel VERBOSE\nSetEnv SHLVL=5\n%s\n%s", /* SHLVL: bash reads no .bashrc */
            s->port, s->dir, lab->dir, extra,
            strstr(extra, "UsePAM") ? "" : "UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n");
    fclose(f);
    snprintf(line, sizeof(line), "exec %s /usr/sbin/sshd -D -f %s -E %s", wrap, config, log);
    s->pid = fork();
    if (s->pid == 0) {
        setsid();
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 200; i++) {
        if (port_answers(s->port))
            return true;
        usleep(20000);
    }
    return false;
}

static inline bool sshd_start_with(const struct lab *lab, struct sshd *s, const char *name, const char *key_type,
                                   const char *wrap, const char *extra)
{
    char key[64];
    snprintf(s->dir, sizeof(s->dir), "%s/%s", lab->dir, name);
    mkdir(s->dir, 0755);
    snprintf(key, sizeof(key), "%s/hostkey", name);
    lab_key(lab, key, key_type, "");
    s->port = free_port();
    return sshd_run(lab, s, wrap, extra);
}

static inline bool sshd_start(const struct lab *lab, struct sshd *s, const char *name, const char *extra)
{
    return sshd_start_with(lab, s, name, "ed25519", "", extra);
}

/* Ends the listener; sessions live on. */
static inline void sshd_stop(struct sshd *s)
{
    if (s->pid > 0) {
        kill(s->pid, SIGTERM);
        waitpid(s->pid, NULL, 0);
    }
    s->pid = 0;
}

/* To all that descend from parent, deepest first; each connection of sshd leads a session of its own. */
static inline void signal_descendants(pid_t parent, int sig)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    while (proc && (entry = readdir(proc))) {
        char path[300];
        int pid = 0, ppid = 0;
        snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
        FILE *f = entry->d_name[0] > '0' && entry->d_name[0] <= '9' ? fopen(path, "r") : NULL;
        if (f && fscanf(f, "%d (%*[^)]) %*c %d", &pid, &ppid) == 2 && ppid == parent) {
            signal_descendants(pid, sig);
            kill(pid, sig);
        }
        if (f)
            fclose(f);
    }
    if (proc)
        closedir(proc);
}

static inline void sshd_signal(const struct sshd *s, int sig)
{
    signal_descendants(s->pid, sig);
}

/* Ends it with all its sessions. */
static inline void sshd_kill(struct sshd *s)
{
    if (s->pid > 0) {
        sshd_signal(s, SIGKILL);
        kill(s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
    }
    s->pid = 0;
}

/* Adds the host key of s to a known_hosts file under the name that -p needs. */
static inline void know(const struct lab *lab, const struct sshd *s, const char *file)
{
    lab_run(lab, "printf '[127.0.0.1]:%d ' >>%s; cut -d' ' -f1,2 %s/hostkey.pub >>%s", s->port, file, s->dir, file);
}

#endif

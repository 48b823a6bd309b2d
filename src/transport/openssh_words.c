/* openssh_words.c - what the ssh program is told, and what its words mean. */
#include <stdio.h>
#include <string.h>

#include "ipamtui/text.h"
#include "openssh.h"

#define ALIVE_S 15

static void option(const char **argv, size_t *n, const char *text)
{
    argv[(*n)++] = "-o";
    argv[(*n)++] = text;
}

void openssh_argv(const struct openssh_how *how, struct arena *mem, const char **argv)
{
    /* A configuration may contain what breaks a stream: forwardings, a remote command, a terminal ... */
    static const char *const always[] = {
        "LogLevel=DEBUG1",        "RequestTTY=no",        "ClearAllForwardings=yes", "StdinNull=no",
        "ForkAfterAuthentication=no", "ForwardAgent=no",  "ForwardX11=no",           "PermitLocalCommand=no",
        "ServerAliveCountMax=3",  "ControlPersist=no",    "EscapeChar=none",
    };
    size_t n = 0;

    argv[n++] = "ssh";
    argv[n++] = how->tells_hops ? "-Tv" : "-T"; /* only v is handed on to them */
    if (how->config) {
        argv[n++] = "-F";
        argv[n++] = how->config;
    }
    argv[n++] = "-E";
    argv[n++] = how->log;
    for (size_t i = 0; i < COUNT(always); i++)
        option(argv, &n, always[i]);
    option(argv, &n, "RemoteCommand=none"); /* else: "Cannot execute command-line and remote command." */
    option(argv, &n, how->can_ask ? "BatchMode=no" : "BatchMode=yes");
    option(argv, &n, arena_printf(mem, "ConnectTimeout=%d", how->connect_timeout_s));
    option(argv, &n, arena_printf(mem, "ServerAliveInterval=%d", how->alive_s > 0 ? how->alive_s : ALIVE_S));
    /* The operator's master is used where one is, but we never become one that outlives us. */
    option(argv, &n, how->is_master ? "ControlMaster=yes" : "ControlMaster=no");
    if (how->control)
        option(argv, &n, arena_printf(mem, "ControlPath=%s", how->control));
    if (how->is_master)
        argv[n++] = "-N";
    if (how->accept_new)
        option(argv, &n, "StrictHostKeyChecking=accept-new");
    if (how->user) {
        argv[n++] = "-l";
        argv[n++] = how->user;
    }
    if (how->port > 0) {
        argv[n++] = "-p";
        argv[n++] = arena_printf(mem, "%d", how->port);
    }
    if (how->jump) {
        argv[n++] = "-J";
        argv[n++] = how->jump;
    }
    if (how->pipe_to) {
        argv[n++] = "-W";
        argv[n++] = how->pipe_to;
    }
    argv[n++] = "--";
    argv[n++] = how->address;
    if (how->command)
        argv[n++] = how->command;
    argv[n] = NULL;
}

bool openssh_progress(const char *line, enum transport_step *step)
{
    static const struct { const char *begin; enum transport_step step; } signs[] = {
        { "debug1: Connecting to ", STEP_CONNECT },
        { "debug1: Executing proxy command", STEP_JUMP },
        { "debug1: Setting implicit ProxyCommand", STEP_JUMP },
        { "debug1: Connection established", STEP_KEX },
        /* Behind a ProxyCommand our own version is sent before anything is connected; theirs is the sign. */
        { "debug1: Remote protocol version", STEP_KEX },
        { "debug1: Server host key:", STEP_HOSTKEY },
        { "debug1: SSH2_MSG_SERVICE_ACCEPT", STEP_LOGIN },
        { "Authenticated to ", STEP_EXEC },
    };
    for (size_t i = 0; i < COUNT(signs); i++)
        if (strncmp(line, signs[i].begin, strlen(signs[i].begin)) == 0) {
            *step = signs[i].step;
            return true;
        }
    return false;
}

/* First match wins. %H in a sentence: the host, %L: the line of ssh's, %F: the file and line of the key. */
static const struct failure {
    const char *words;
    enum transport_step step;
    enum err_kind kind;
    const char *sentence;
} failures[] = {
    { "REVOKED HOST KEY", STEP_HOSTKEY, ERR_DENIED,
      "the host key of %H is marked as revoked in known_hosts, so the connection is refused; ask who revoked it" },
    { "is marked as revoked", STEP_HOSTKEY, ERR_DENIED,
      "the host key of %H is marked as revoked in known_hosts, so the connection is refused; ask who revoked it" },
    { "IDENTIFICATION HAS CHANGED", STEP_HOSTKEY, ERR_DENIED,
      "the host key of %H has changed and is refused; the one on file is %F; if the change is right, remove that line" },
    { "host key is known for", STEP_HOSTKEY, ERR_DENIED,
      "the host key of %H is not known and StrictHostKeyChecking is yes; add it to known_hosts" },
    { "Host key verification failed", STEP_HOSTKEY, ERR_DENIED,
      "the host key of %H is not known and nobody accepted it; connect once where you can be asked, or run: ssh %H" },
    { "Bad configuration option", STEP_CONFIG, ERR_INPUT, "ssh rejects its configuration: %L" },
    { "terminating, ", STEP_CONFIG, ERR_INPUT, "ssh rejects its configuration: %L" },
    { "Could not resolve hostname", STEP_RESOLVE, ERR_UNREACHABLE, "%L; check the address" },
    { "administratively prohibited", STEP_JUMP, ERR_DENIED,
      "the jump host refuses to forward to %H; allow it there (AllowTcpForwarding): %L" },
    { "stdio forwarding failed", STEP_JUMP, ERR_UNREACHABLE, "the jump host cannot reach %H: %L" },
    { "Stdio forwarding request failed", STEP_JUMP, ERR_UNREACHABLE,
      "the jump host cannot reach %H, or does not let it be reached (AllowTcpForwarding): %L" },
    { "Connection timed out during banner exchange", STEP_KEX, ERR_TIMEOUT,
      "%H accepts connections but does not answer as an SSH server" },
    { "timed out", STEP_CONNECT, ERR_TIMEOUT, "no answer from %H: %L" },
    { "Connection refused", STEP_CONNECT, ERR_UNREACHABLE,
      "%H refuses the connection; is the sshd service running there, and is the port right? (%L)" },
    { "No route to host", STEP_CONNECT, ERR_UNREACHABLE, "%L" },
    { "Network is unreachable", STEP_CONNECT, ERR_UNREACHABLE, "%L" },
    { "Unable to negotiate", STEP_KEX, ERR_REMOTE, "%L" },
    { "Too many authentication failures", STEP_LOGIN, ERR_DENIED,
      "%H closed the connection after too many tries; set IdentitiesOnly and IdentityFile for it" },
    { "UNPROTECTED PRIVATE KEY", STEP_LOGIN, ERR_DENIED,
      "ssh ignores a key file that others may read; run chmod 600 on it (%L)" },
    { "Permission denied", STEP_LOGIN, ERR_DENIED,
      "%H refuses the login: %L; on Windows, keys of administrators belong into administrators_authorized_keys" },
    { "banner line contains invalid characters", STEP_KEX, ERR_REMOTE, "%H does not answer as an SSH server: %L" },
    { "kex_exchange_identification", STEP_KEX, ERR_UNREACHABLE, "%H closed the connection before the key exchange: %L" },
    { "Connection closed by", STEP_KEX, ERR_UNREACHABLE, "%H closed the connection: %L" },
    { "Connection reset by", STEP_KEX, ERR_UNREACHABLE, "%H closed the connection: %L" },
    { "not responding", STEP_OPEN, ERR_TIMEOUT, "%H stopped answering: %L" },
    { "closed by remote host", STEP_OPEN, ERR_UNREACHABLE, "the connection was lost: %L" },
    { "Broken pipe", STEP_OPEN, ERR_UNREACHABLE, "the connection was lost: %L" },
};

/* The line of text around at. */
static void line_at(const char *text, const char *at, char *out, size_t size)
{
    char raw[300];
    const char *begin = at;
    while (begin > text && begin[-1] != '\n')
        begin--;
    snprintf(raw, sizeof(raw), "%.*s", (int)strcspn(begin, "\r\n"), begin);
    text_printable(raw, out, size);
}

/* "/home/x/.ssh/known_hosts:12" of "Offending ECDSA key in /home/x/.ssh/known_hosts:12". */
static void offending(const char *said, char *out, size_t size)
{
    const char *at = strstr(said, "Offending ");
    const char *in = at ? strstr(at, " key in ") : NULL;
    char raw[160];
    snprintf(raw, sizeof(raw), "%.*s", in ? (int)strcspn(in + 8, "\r\n") : 10, in ? in + 8 : "(no place)");
    text_printable(raw, out, size);
}

static void compose(const char *sentence, const char *host, const char *line, const char *file, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (; *sentence && used + 1 < size; sentence++) {
        const char *insert = NULL;
        if (sentence[0] == '%')
            insert = sentence[1] == 'H' ? host : sentence[1] == 'L' ? line : sentence[1] == 'F' ? file : NULL;
        if (insert) {
            used += (size_t)snprintf(out + used, size - used, "%.120s", insert);
            sentence++;
        } else {
            out[used++] = *sentence;
            out[used] = '\0';
        }
    }
}

bool openssh_chatter(const char *line)
{
    static const char *const begins[] = { "debug1:", "Transferred:", "Bytes per second:", "Authenticated to ", "OpenSSH_", "\n", "\r",
                                          "Killed by signal 1." /* one that led through a jump host, when all is over */ };
    for (size_t i = 0; i < COUNT(begins); i++)
        if (strncmp(line, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

static bool last_words(const char *said, char *out, size_t size)
{
    const char *best = NULL;
    for (const char *at = said; *at; at += strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n'))
        if (!openssh_chatter(at))
            best = at;
    if (best)
        line_at(said, best, out, size);
    else
        snprintf(out, size, "it gave no reason");
    return best != NULL;
}

bool openssh_failure(const char *said, const char *host, enum transport_step *step, struct err *err)
{
    char line[200], file[160], text[400];
    for (size_t i = 0; i < COUNT(failures); i++) {
        const char *at = strstr(said, failures[i].words);
        if (!at)
            continue;
        line_at(said, at, line, sizeof(line));
        offending(said, file, sizeof(file));
        compose(failures[i].sentence, host, line, file, text, sizeof(text));
        if (failures[i].step > *step || failures[i].step == STEP_JUMP || failures[i].step == STEP_CONFIG ||
            *step <= STEP_HOSTKEY || failures[i].step == STEP_HOSTKEY)
            *step = failures[i].step;
        err_set(err, failures[i].kind, host, "%s", text);
        return true;
    }
    if (!last_words(said, line, sizeof(line)) && *step == STEP_OPEN) /* what carried it has ended without a word */
        err_set(err, ERR_UNREACHABLE, host, "the connection to %.100s was lost", host);
    else
        err_set(err, ERR_REMOTE, host, "the ssh program ended: %s", line);
    return false;
}

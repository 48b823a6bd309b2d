#include "conf.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "algorithms.h"
#include "ipamtui/account.h"
#include "ipamtui/text.h"

enum conf_kind { C_TEXT, C_INT, C_BOOL, C_STRICT, C_FAMILY, C_FILES, C_WORDS, C_AGENT, C_HOSTKEYS, C_CIPHERS, C_MACS, C_KEX };

struct conf_row {
    const char *word;
    enum conf_kind kind;
    size_t at;
};

#define AT(field) offsetof(struct ssh_conf, field)
static const struct conf_row conf_rows[] = {
    { "hostname", C_TEXT, AT(host) },
    { "user", C_TEXT, AT(user) },
    { "port", C_INT, AT(port) },
    { "proxyjump", C_TEXT, AT(jump) },
    { "proxycommand", C_TEXT, AT(proxy_command) },
    { "hostkeyalias", C_TEXT, AT(key_alias) },
    { "identityfile", C_FILES, AT(identity_files) },
    { "certificatefile", C_FILES, AT(certificate_files) },
    { "identityagent", C_AGENT, AT(agent) },
    { "identitiesonly", C_BOOL, AT(identities_only) },
    { "userknownhostsfile", C_WORDS, AT(known_user) },
    { "globalknownhostsfile", C_WORDS, AT(known_global) },
    { "stricthostkeychecking", C_STRICT, AT(strict) },
    { "hashknownhosts", C_BOOL, AT(hash_known) },
    { "pubkeyauthentication", C_BOOL, AT(pubkey) },
    { "passwordauthentication", C_BOOL, AT(password) },
    { "kbdinteractiveauthentication", C_BOOL, AT(kbdint) },
    { "gssapiauthentication", C_BOOL, AT(gssapi) },
    { "connecttimeout", C_INT, AT(connect_timeout_s) },
    { "serveraliveinterval", C_INT, AT(alive_s) },
    { "addressfamily", C_FAMILY, AT(family) },
    { "bindaddress", C_TEXT, AT(bind_address) },
    { "preferredauthentications", C_TEXT, AT(preferred) },
    { "pkcs11provider", C_TEXT, AT(pkcs11) },
    { "knownhostscommand", C_TEXT, AT(known_command) },
    { "verifyhostkeydns", C_BOOL, AT(verify_dns) },
    { "hostkeyalgorithms", C_HOSTKEYS, AT(host_key_algorithms) },
    { "ciphers", C_CIPHERS, AT(ciphers) },
    { "macs", C_MACS, AT(macs) },
    { "kexalgorithms", C_KEX, AT(kex) },
};

/* Strings live one by one: an arena's block would be many times what hundreds of hosts need each. */
static char *keep(struct ssh_conf *conf, const char *text, size_t len)
{
    x_grow(&conf->texts, &conf->text_cap, conf->text_count + 1, sizeof(*conf->texts));
    return conf->texts[conf->text_count++] = x_strndup(text, len);
}

/* Of the long lists of algorithms only what libssh2 has. */
static char *keep_common(struct ssh_conf *conf, enum algorithm which, const char *list)
{
    char common[512];
    algorithms_pick(which, list, common, sizeof(common));
    return keep(conf, common, strlen(common));
}

/* Any answer but no: "yes", "true", "ask", "unbound" ... */
static bool parse_yes(const char *value)
{
    return strcasecmp(value, "no") != 0 && strcasecmp(value, "false") != 0 && strcasecmp(value, "none") != 0;
}

static enum strict_key parse_strict(const char *value)
{
    if (strcasecmp(value, "true") == 0 || strcasecmp(value, "yes") == 0)
        return STRICT_YES;
    if (strcasecmp(value, "accept-new") == 0)
        return STRICT_NEW;
    if (strcasecmp(value, "false") == 0 || strcasecmp(value, "no") == 0 || strcasecmp(value, "off") == 0)
        return STRICT_OFF;
    return STRICT_ASK;
}

static void list_add(struct ssh_conf *conf, struct conf_list *list, const char *text, size_t len)
{
    if (list->count < CONF_LIST_MAX)
        list->item[list->count++] = keep(conf, text, len);
}

/* Several files in one line. Quotes are lost in it, so a name with a blank is the longest run of words that exists. */
static void parse_words(struct ssh_conf *conf, struct conf_list *list, const char *value)
{
    char path[PATH_MAX];
    while (*value) {
        size_t len = strcspn(value, " "), best = len;
        for (size_t end = len; strlen(value) < sizeof(path);) {
            memcpy(path, value, end);
            path[end] = '\0';
            if (access(path, F_OK) == 0)
                best = end;
            if (value[end] == '\0')
                break;
            end += 1 + strcspn(value + end + 1, " ");
        }
        list_add(conf, list, value, best);
        value += best;
        value += strspn(value, " ");
    }
}

static const enum algorithm algorithm_of[] = { [C_HOSTKEYS] = ALG_HOSTKEY, [C_CIPHERS] = ALG_CIPHER, [C_MACS] = ALG_MAC,
                                               [C_KEX] = ALG_KEX };

static void parse_row(struct ssh_conf *conf, const struct conf_row *row, const char *value)
{
    char *field = (char *)conf + row->at;
    bool none = strcasecmp(value, "none") == 0;

    switch (row->kind) {
    case C_TEXT:
    case C_AGENT:
        *(char **)field = none && row->kind == C_TEXT ? NULL : keep(conf, value, strlen(value));
        break;
    case C_HOSTKEYS:
    case C_CIPHERS:
    case C_MACS:
    case C_KEX:
        *(char **)field = keep_common(conf, algorithm_of[row->kind], value);
        break;
    case C_INT:
        *(int *)field = none ? 0 : atoi(value);
        break;
    case C_BOOL:
        *(bool *)field = parse_yes(value);
        break;
    case C_STRICT:
        *(enum strict_key *)field = parse_strict(value);
        break;
    case C_FAMILY:
        *field = strcasecmp(value, "inet") == 0 ? '4' : strcasecmp(value, "inet6") == 0 ? '6' : 0;
        break;
    case C_FILES:
        if (!none)
            list_add(conf, (struct conf_list *)field, value, strlen(value));
        break;
    case C_WORDS:
        if (!none)
            parse_words(conf, (struct conf_list *)field, value);
        break;
    }
}

static void parse_line(struct ssh_conf *conf, const char *line, size_t len)
{
    char text[8192];
    if (len == 0 || len >= sizeof(text))
        return;
    memcpy(text, line, len);
    text[len] = '\0';
    size_t word = strcspn(text, " ");
    if (text[word] == '\0')
        return;
    text[word] = '\0';
    for (size_t i = 0; i < COUNT(conf_rows); i++)
        if (strcasecmp(text, conf_rows[i].word) == 0)
            parse_row(conf, &conf_rows[i], text + word + 1);
}

/* What is kept of one line; an algorithm list stays right when it is cut down twice. */
static void digest_line(const char *line, size_t len, struct buf *out)
{
    char common[512], *text;
    size_t word = strcspn(line, " \n");
    for (size_t i = 0; i < COUNT(conf_rows); i++) {
        if (strlen(conf_rows[i].word) != word || strncasecmp(line, conf_rows[i].word, word) != 0 || word >= len)
            continue;
        if (conf_rows[i].kind >= C_HOSTKEYS) {
            text = x_strndup(line + word + 1, len - word - 1);
            algorithms_pick(algorithm_of[conf_rows[i].kind], text, common, sizeof(common));
            buf_addf(out, "%s %s\n", conf_rows[i].word, common);
            free(text);
        } else {
            buf_add(out, line, len);
            buf_addc(out, '\n');
        }
    }
}

char *conf_digest(const char *answer)
{
    struct buf out = { 0 };
    while (*answer) {
        size_t len = strcspn(answer, "\n");
        digest_line(answer, len > 0 && answer[len - 1] == '\r' ? len - 1 : len, &out);
        answer += len + (answer[len] == '\n');
    }
    return buf_steal(&out);
}

/* One %-token; false: not one that we know. */
static bool expand_token(struct ssh_conf *conf, char token, const char *home, struct buf *out)
{
    char host[256] = "";
    struct account me;
    switch (token) {
    case '%':
        return buf_addc(out, '%');
    case 'd':
        return buf_adds(out, home);
    case 'h':
        return buf_adds(out, conf->host ? conf->host : conf->alias);
    case 'n':
        return buf_adds(out, conf->alias);
    case 'k':
        return buf_adds(out, conf->key_alias ? conf->key_alias : conf->host ? conf->host : conf->alias);
    case 'p':
        return buf_addf(out, "%d", conf->port);
    case 'r':
        return buf_adds(out, conf->user ? conf->user : "");
    case 'i':
        return buf_addf(out, "%ld", (long)getuid());
    case 'u':
        account_find(getuid(), &me);
        return buf_adds(out, me.name);
    case 'l':
    case 'L':
        gethostname(host, sizeof(host) - 1);
        if (token == 'L')
            host[strcspn(host, ".")] = '\0';
        return buf_adds(out, host);
    default:
        return false;
    }
}

char *conf_expand(struct ssh_conf *conf, const char *text, const char *home)
{
    struct buf out = { 0 };
    struct account me;
    if (!home) { /* as ssh: that of the password file, whatever $HOME says */
        account_find(getuid(), &me);
        home = me.home;
    }
    if (text[0] == '~' && (text[1] == '/' || text[1] == '\0')) {
        buf_adds(&out, home);
        text++;
    }
    for (; *text; text++) {
        const char *close;
        char name[128];
        if (text[0] == '%' && text[1] && expand_token(conf, text[1], home, &out))
            text++;
        else if (text[0] == '$' && text[1] == '{' && (close = strchr(text, '}')) &&
                 (size_t)(close - text) < sizeof(name)) {
            snprintf(name, sizeof(name), "%.*s", (int)(close - text - 2), text + 2);
            const char *value = getenv(name);
            buf_adds(&out, value ? value : "");
            text = close;
        } else
            buf_addc(&out, *text);
    }
    char *result = keep(conf, buf_at(&out), out.len);
    buf_done(&out);
    return result;
}

static void expand_list(struct ssh_conf *conf, struct conf_list *list, const char *home)
{
    for (size_t i = 0; i < list->count; i++)
        list->item[i] = conf_expand(conf, list->item[i], home);
}

/* Absent: the environment's. "SSH_AUTH_SOCK" and "$NAME" name a variable. */
static void settle_agent(struct ssh_conf *conf, const char *home)
{
    const char *at = conf->agent;
    if (!at || strcmp(at, "SSH_AUTH_SOCK") == 0)
        at = getenv("SSH_AUTH_SOCK");
    else if (at[0] == '$' && at[1] != '{')
        at = getenv(at + 1);
    else if (strcasecmp(at, "none") == 0)
        at = NULL;
    else
        at = conf_expand(conf, at, home);
    conf->agent = at && *at ? keep(conf, at, strlen(at)) : NULL;
}

bool conf_parse(const char *text, const char *alias, const char *home, struct ssh_conf **out, struct err *err)
{
    struct ssh_conf *conf = x_alloc(sizeof(*conf));
    conf->refs = 1;
    conf->alias = keep(conf, alias, strlen(alias));
    conf->pubkey = conf->password = conf->kbdint = true;
    while (*text) {
        size_t len = strcspn(text, "\n");
        parse_line(conf, text, len > 0 && text[len - 1] == '\r' ? len - 1 : len);
        text += len + (text[len] == '\n');
    }
    if (!conf->host) {
        conf_release(conf);
        return err_set(err, ERR_INPUT, alias, "ssh -G named no host; try: ssh -G -- %.80s", alias);
    }
    if (conf->port <= 0)
        conf->port = 22;
    expand_list(conf, &conf->identity_files, home);
    expand_list(conf, &conf->certificate_files, home);
    settle_agent(conf, home);
    *out = conf;
    return true;
}

void conf_release(struct ssh_conf *conf)
{
    if (!conf || --conf->refs > 0)
        return;
    for (size_t i = 0; i < conf->text_count; i++)
        free(conf->texts[i]);
    free(conf->texts);
    free(conf);
}

bool conf_check_name(const char *host, const char *user, struct err *err)
{
    static const char bad_host[] = " \t\r\n'`\"$;&<>|(){}\\*?!#";
    static const char bad_user[] = "\r\n'`\";&<>|(){}";
    char shown[80];

    if (!host || !*host)
        return err_set(err, ERR_INPUT, "address", "the server has no address; set one: server set NAME address=HOST");
    if (host[0] == '-' || host[strcspn(host, bad_host)] != '\0')
        return err_set(err, ERR_INPUT, "address", "\"%s\" cannot be a host name",
                       text_printable(host, shown, sizeof(shown)));
    if (user && (user[0] == '-' || user[strcspn(user, bad_user)] != '\0'))
        return err_set(err, ERR_INPUT, "user", "\"%s\" cannot be a user name",
                       text_printable(user, shown, sizeof(shown)));
    return true;
}

const char *conf_strict_note(const struct ssh_conf *conf)
{
    static const char *const notes[] = {
        [STRICT_ASK] = "",
        [STRICT_YES] = "",
        [STRICT_NEW] = ", unknown host keys are accepted (StrictHostKeyChecking accept-new)",
        [STRICT_OFF] = ", unknown host keys are accepted (StrictHostKeyChecking no)",
    };
    return notes[conf->strict];
}

/* A certificate is offered for a key by CertificateFile, or lies beside it. libssh2 1.10 can use only ecdsa ones. */
static bool has_certificate(const struct ssh_conf *conf)
{
    char path[PATH_MAX];
    for (size_t i = 0; i < conf->certificate_files.count; i++)
        if (access(conf->certificate_files.item[i], R_OK) == 0)
            return true;
    for (size_t i = 0; i < conf->identity_files.count; i++) {
        snprintf(path, sizeof(path), "%s-cert.pub", conf->identity_files.item[i]);
        if (access(path, R_OK) == 0)
            return true;
    }
    return false;
}

const char *conf_needs_openssh(const struct ssh_conf *conf)
{
    if (conf->pkcs11)
        return "PKCS11Provider is set for it, which libssh2 cannot use";
    if (conf->known_command)
        return "KnownHostsCommand is set for it, which only the ssh program runs";
    if (conf->verify_dns)
        return "VerifyHostKeyDNS is set for it, which only the ssh program checks";
    if (has_certificate(conf))
        return "a user certificate is configured for it, which libssh2 cannot offer";
    if (conf->host_key_algorithms && !*conf->host_key_algorithms)
        return "none of its HostKeyAlgorithms is in libssh2";
    if (conf->ciphers && !*conf->ciphers)
        return "none of its Ciphers is in libssh2";
    if (conf->macs && !*conf->macs)
        return "none of its MACs is in libssh2";
    if (conf->kex && !*conf->kex)
        return "none of its KexAlgorithms is in libssh2";
    return NULL;
}

struct conf_hop conf_hop(const char *text)
{
    struct conf_hop hop = { 0 };
    char *all = x_strndup(text, strcspn(text, ",")), *host = all, *at = strrchr(all, '@');
    if (at) {
        hop.user = x_strndup(all, (size_t)(at - all));
        host = at + 1;
    }
    const char *end = host[0] == '[' ? strchr(host, ']') : NULL;
    const char *colon = end ? strchr(end, ':') : strrchr(host, ':');
    if (!end && colon && strchr(host, ':') != colon)
        colon = NULL; /* a bare IPv6 address */
    hop.port = colon ? atoi(colon + 1) : 0;
    hop.host = end ? x_strndup(host + 1, (size_t)(end - host - 1)) : x_strndup(host, colon ? (size_t)(colon - host) : strlen(host));
    free(all);
    return hop;
}

void conf_hop_done(struct conf_hop *hop)
{
    free(hop->user);
    free(hop->host);
    *hop = (struct conf_hop){ 0 };
}

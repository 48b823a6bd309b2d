#include "hostkey.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "algorithms.h"
#include "ipamtui/text.h"

/* ---- what is on file */

/* The next blank-separated word of *at. */
static const char *word(const char **at, size_t *len)
{
    *at += strspn(*at, " \t\r");
    const char *begin = *at;
    *len = strcspn(begin, " \t\r");
    *at += *len;
    return begin;
}

static unsigned char *decode(struct arena *mem, const char *text, size_t len, size_t *out_len)
{
    if (len == 0 || len % 4 != 0)
        return NULL;
    unsigned char *out = arena_alloc(mem, len / 4 * 3 + 1);
    int n = EVP_DecodeBlock(out, (const unsigned char *)text, (int)len);
    if (n < 0)
        return NULL;
    for (size_t i = len; i > 0 && text[i - 1] == '='; i--)
        n--;
    *out_len = (size_t)n;
    return out;
}

static void parse_row(const char *line, const char *file, int number, struct known_keys *keys)
{
    struct known_key key = { .line = number };
    size_t len;
    const char *at = line;
    const char *w = word(&at, &len);

    if (len > 0 && w[0] == '@') {
        key.revoked = strncmp(w, "@revoked", len) == 0;
        key.authority = strncmp(w, "@cert-authority", len) == 0;
        word(&at, &len); /* the names */
    }
    w = word(&at, &len);
    key.type = arena_strndup(&keys->mem, w, len);
    w = word(&at, &len);
    key.blob = decode(&keys->mem, w, len, &key.len);
    if (!key.blob)
        return;
    key.file = arena_strdup(&keys->mem, file);
    x_grow(&keys->rows, &keys->cap, keys->count + 1, sizeof(*keys->rows));
    keys->rows[keys->count++] = key;
}

void known_parse(const char *answer, const char *file, struct known_keys *keys)
{
    int number = 0;
    while (*answer) {
        size_t len = strcspn(answer, "\n");
        char *line = x_strndup(answer, len);
        const char *found = strstr(line, " found: line ");
        if (line[0] == '#' && found)
            number = atoi(found + strlen(" found: line "));
        else if (line[0] != '#' && line[0] != '\0')
            parse_row(line, file, number, keys);
        free(line);
        answer += len + (answer[len] == '\n');
    }
}

void known_keys_done(struct known_keys *keys)
{
    arena_done(&keys->mem);
    free(keys->rows);
    *keys = (struct known_keys){ 0 };
}

void known_name(const struct ssh_conf *conf, char *out, size_t size)
{
    if (conf->key_alias)
        snprintf(out, size, "%s", conf->key_alias);
    else if (conf->port == 22)
        snprintf(out, size, "%s", conf->host);
    else
        snprintf(out, size, "[%s]:%d", conf->host, conf->port);
}

static void prefer(const char *type, size_t len, const char *allowed, char *out, size_t size)
{
    size_t used = strlen(out);
    if (algorithms_has(allowed, type, len) && !algorithms_has(out, type, len) && used + len + 2 < size)
        snprintf(out + used, size - used, "%s%.*s", used ? "," : "", (int)len, type);
}

bool known_preference(const struct known_keys *keys, const char *allowed, char *out, size_t size, const char **why)
{
    bool plain = false, authority = false;
    out[0] = '\0';
    for (size_t i = 0; i < keys->count; i++) {
        const struct known_key *key = &keys->rows[i];
        authority |= key->authority;
        if (key->authority || key->revoked)
            continue;
        plain = true;
        prefer(key->type, strlen(key->type), allowed, out, size);
    }
    if (plain && out[0] == '\0') {
        *why = "known_hosts has only a key type for it that libssh2 cannot check";
        return false;
    }
    if (!plain && authority) {
        *why = "known_hosts has only a certificate authority for it, which the ssh program checks";
        return false;
    }
    for (const char *at = allowed; *at;) {
        size_t len = strcspn(at, ",");
        prefer(at, len, allowed, out, size);
        at += len + (at[len] == ',');
    }
    return true;
}

/* ---- the decision */

static bool type_is(const unsigned char *blob, size_t len, const char *type)
{
    size_t n = strlen(type);
    return len >= 4 + n && blob[0] == 0 && blob[1] == 0 && blob[2] == 0 && blob[3] == n && memcmp(blob + 4, type, n) == 0;
}

enum hostkey_verdict hostkey_judge(const struct known_keys *keys, const unsigned char *blob, size_t len,
                                   const struct known_key **row)
{
    const struct known_key *good = NULL, *other = NULL, *revoked = NULL, *changed = NULL;

    for (size_t i = 0; i < keys->count; i++) {
        const struct known_key *key = &keys->rows[i];
        bool same = key->len == len && memcmp(key->blob, blob, len) == 0;
        if (key->revoked && same)
            revoked = key;
        else if (key->revoked || key->authority)
            continue;
        else if (same)
            good = key;
        else if (key->bare) /* a key under the name without port only counts when it matches, as in ssh */
            continue;
        else if (type_is(blob, len, key->type))
            changed = changed ? changed : key;
        else
            other = other ? other : key;
    }
    *row = revoked ? revoked : good ? good : changed ? changed : other;
    if (revoked)
        return HOSTKEY_REVOKED;
    if (good)
        return HOSTKEY_GOOD;
    if (changed)
        return HOSTKEY_CHANGED;
    return other ? HOSTKEY_OTHER : HOSTKEY_NEW;
}

/* ---- for people */

void hostkey_fingerprint(const unsigned char *blob, size_t len, char *out)
{
    unsigned char digest[EVP_MAX_MD_SIZE], text[64];
    unsigned int n = 0;
    EVP_Digest(blob, len, digest, &n, EVP_sha256(), NULL);
    EVP_EncodeBlock(text, digest, (int)n);
    text[strcspn((char *)text, "=")] = '\0';
    snprintf(out, FINGERPRINT_SIZE, "SHA256:%s", (char *)text);
}

const char *hostkey_type_short(const char *type)
{
    static const struct { const char *type, *name; } names[] = {
        { "ssh-ed25519", "ED25519" },
        { "ecdsa-sha2-nistp256", "ECDSA" },
        { "ecdsa-sha2-nistp384", "ECDSA" },
        { "ecdsa-sha2-nistp521", "ECDSA" },
        { "ssh-rsa", "RSA" },
    };
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(type, names[i].type) == 0)
            return names[i].name;
    return type;
}

void hostkey_question(struct transport_ask *ask, const char *type, const char *fingerprint, const char *other)
{
    char text[512];
    ask->kind = ASK_HOSTKEY;
    ask->prompt_count = 0;
    if (other)
        snprintf(text, sizeof(text),
                 "%s shows an %s host key, %s, but another type is on file (%s). Has the host got a new key? Accept and remember it?",
                 ask->host, hostkey_type_short(type), fingerprint, other);
    else
        snprintf(text, sizeof(text), "The host key of %s is not known: %s %s. Accept and remember it?", ask->host,
                 hostkey_type_short(type), fingerprint);
    text_printable(text, ask->text, sizeof(ask->text));
}

/* ---- remembering */

/* "|1|salt|hash" as HashKnownHosts writes it. */
static void hashed_name(const char *name, char *out, size_t size)
{
    unsigned char salt[20] = { 0 }, hash[EVP_MAX_MD_SIZE], salt_text[40], hash_text[100];
    unsigned int n = 0;
    char lower[300];

    snprintf(lower, sizeof(lower), "%s", name);
    for (char *at = lower; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    RAND_bytes(salt, sizeof(salt));
    HMAC(EVP_sha1(), salt, sizeof(salt), (const unsigned char *)lower, strlen(lower), hash, &n);
    EVP_EncodeBlock(salt_text, salt, sizeof(salt));
    EVP_EncodeBlock(hash_text, hash, (int)n);
    snprintf(out, size, "|1|%s|%s", (char *)salt_text, (char *)hash_text);
}

static void make_folder(const char *file)
{
    char *dir = x_strdup(file);
    char *slash = strrchr(dir, '/');
    if (slash && slash != dir) {
        *slash = '\0';
        (void)mkdir(dir, 0700); /* most often there already; if not possible, opening the file says why */
    }
    free(dir);
}

static bool ends_with_newline(int fd)
{
    char last;
    off_t size = lseek(fd, 0, SEEK_END);
    return size <= 0 || pread(fd, &last, 1, size - 1) != 1 || last == '\n';
}

bool hostkey_append(const struct ssh_conf *conf, const unsigned char *blob, size_t len, struct err *err)
{
    char name[300], hashed[200];
    if (conf->known_user.count == 0)
        return err_set(err, ERR_INPUT, conf->host, "no UserKnownHostsFile is configured to remember its key in");
    const char *file = conf->known_user.item[0];
    char *key = x_alloc(len * 2 + 8);
    struct buf line = { 0 };
    size_t type_len = len >= 4 ? blob[3] : 0;

    known_name(conf, name, sizeof(name));
    hashed_name(name, hashed, sizeof(hashed));
    EVP_EncodeBlock((unsigned char *)key, blob, (int)len);
    make_folder(file);
    int fd = open(file, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && !ends_with_newline(fd))
        buf_addc(&line, '\n');
    buf_addf(&line, "%s %.*s %s\n", conf->hash_known ? hashed : name, (int)type_len, (const char *)blob + 4, key);
    bool ok = fd >= 0 && write(fd, buf_at(&line), line.len) == (ssize_t)line.len;
    if (!ok)
        err_errno(err, file, "cannot remember the host key of %s in %s", conf->host, file);
    if (fd >= 0)
        close(fd);
    buf_done(&line);
    free(key);
    return ok;
}

#include "config/conffile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipamtui/mem.h"

#define FILE_LIMIT (1u << 20)

/* Bytes that no text has: what is written as something else is told as that, not as a syntax error somewhere. */
static bool is_text(const char *path, const char *text, size_t len, struct err *err)
{
    int line = 1, column = 1;
    for (size_t i = 0; i < len; i++, column++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < ' ' && !strchr("\t\n\v\f\r", c)) || c == '\0' || c == 0x7f || c >= 0xfe)
            return err_set(err, ERR_INPUT, path, "line %d, column %d: expected text, but there is the byte 0x%02x", line, column, c);
        if (c == '\n') {
            line++;
            column = 0;
        }
    }
    return true;
}

static bool read_text(const char *path, char **out, struct err *err)
{
    struct buf text = { .limit = FILE_LIMIT };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return err_set(err, ERR_NOT_FOUND, path, "there is no such file");
    if (fd < 0)
        return err_errno(err, path, "cannot be opened");
    ssize_t got = 1;
    bool fits = true;
    while (got > 0 && fits) {
        char block[8192];
        got = read(fd, block, sizeof(block));
        fits = got <= 0 || buf_add(&text, block, (size_t)got);
    }
    int failed = got < 0 ? errno : 0;
    close(fd);
    errno = failed;
    bool ok = true;
    if (failed)
        ok = err_errno(err, path, "cannot be read");
    else if (!fits)
        ok = err_set(err, ERR_INPUT, path, "is larger than a configuration file can be (1 MiB)");
    else
        ok = is_text(path, buf_at(&text), text.len, err);
    if (ok)
        *out = buf_steal(&text);
    if (ok && !*out)
        *out = x_strdup("");
    buf_done(&text);
    return ok;
}

static const char *line_start(const char *text, int line)
{
    while (line-- > 1) {
        const char *end = strchr(text, '\n');
        if (!end)
            return text;
        text = end + 1;
    }
    return text;
}

/* End of the token at at: a word, a string (up to its closing quote or the end of the line) or one character. */
static const char *token_end(const char *at)
{
    if (isalnum((unsigned char)*at) || strchr("_*-+.", *at)) {
        while (*at && (isalnum((unsigned char)*at) || strchr("_*-+.", *at)))
            at++;
        return at;
    }
    if (*at != '"')
        return at + 1;
    for (at++; *at && *at != '\n' && *at != '"'; at++)
        if (*at == '\\' && at[1] && at[1] != '\n')
            at++;
    return *at == '"' ? at + 1 : at;
}

/* Is the error already there when the text ends here? An error at the end of a text that goes on with empty lines is told
 * for the last of them, one in a token for the line of that token. */
static bool wrong_before(const char *text, const char *end, int line)
{
    char *start = x_asprintf("%.*s\n\n\n", (int)(end - text), text);
    config_t probe;
    config_init(&probe);
    bool wrong = config_read_string(&probe, start) != CONFIG_TRUE && config_error_line(&probe) <= line;
    config_destroy(&probe);
    free(start);
    return wrong;
}

/* 1-based column of the token with which the line stops being right. */
static int wrong_column(const char *text, int line)
{
    const char *start = line_start(text, line), *at = start;
    while (*at && *at != '\n' && *at != '#' && strncmp(at, "//", 2) != 0) {
        if (isspace((unsigned char)*at)) {
            at++;
            continue;
        }
        const char *end = token_end(at);
        if (wrong_before(text, end, line))
            return (int)(at - start) + 1;
        at = end;
    }
    return (int)(at - start) + 1;
}

static bool syntax_error(const struct conffile *file, struct err *err)
{
    int line = config_error_line(&file->config);
    const char *what = config_error_text(&file->config);
    if (!what || !strcmp(what, "syntax error"))
        what = "this is not how a setting is written; expected: name = value;";
    return err_set(err, ERR_INPUT, file->path, "line %d, column %d: %s", line, wrong_column(file->text, line), what);
}

bool conffile_read(const char *path, struct conffile *out, struct err *err)
{
    char *text = NULL;
    if (!read_text(path, &text, err))
        return false;
    /* Read in place: the settings point back at their config_t. */
    *out = (struct conffile){ .path = x_strdup(path), .text = text };
    config_init(&out->config);
    if (config_read_string(&out->config, out->text) == CONFIG_TRUE)
        return true;
    syntax_error(out, err);
    conffile_done(out);
    return false;
}

void conffile_done(struct conffile *file)
{
    if (file->path)
        config_destroy(&file->config);
    free(file->path);
    free(file->text);
    *file = (struct conffile){ 0 };
}

int conffile_column(const struct conffile *file, const config_setting_t *setting, const char *word)
{
    const char *start = line_start(file->text, (int)config_setting_source_line(setting)), *end = start + strcspn(start, "\n");
    if (!word)
        word = config_setting_name(setting);
    const char *at = word && *word ? strstr(start, word) : NULL;
    return at && at < end ? (int)(at - start) + 1 : 0;
}

bool conffile_bad(const struct conffile *file, const config_setting_t *setting, const char *word, struct err *err,
                  const char *fmt, ...)
{
    int line = (int)config_setting_source_line(setting);
    int column = conffile_column(file, setting, word);
    char what[220];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    if (column)
        return err_set(err, ERR_INPUT, file->path, "line %d, column %d: %s", line, column, what);
    return err_set(err, ERR_INPUT, file->path, "line %d: %s", line, what);
}

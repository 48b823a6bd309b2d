/* psrp_capture.h - recorded conversations of tests/data/psrp, line by line (see its README.md). */
#ifndef TESTS_PSRP_CAPTURE_H
#define TESTS_PSRP_CAPTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/clixml.h"
#include "ipamtui/psrp_wire.h"

struct capture_line {
    char from; /* 'C', 'S' */
    char *text;
    size_t len;
    struct packet packet;
};
struct capture {
    struct capture_line *lines;
    size_t count, cap;
};

static inline struct capture capture_load(const char *path)
{
    struct capture capture = { 0 };
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    FILE *file = fopen(path, "r");

    while (file && (len = getline(&line, &size, file)) > 0) {
        if (line[len - 1] == '\n')
            line[--len] = '\0';
        if (len < 3 || (line[0] != 'C' && line[0] != 'S') || line[1] != ':')
            continue;
        x_grow(&capture.lines, &capture.cap, capture.count + 1, sizeof *capture.lines);
        struct capture_line *at = &capture.lines[capture.count++];
        *at = (struct capture_line){ .from = line[0], .text = x_strndup(line + 3, (size_t)len - 3), .len = (size_t)len - 3 };
        at->packet = packet_parse(at->text, at->len);
    }
    free(line);
    if (file)
        fclose(file);
    return capture;
}

static inline void capture_done(struct capture *capture)
{
    for (size_t i = 0; i < capture->count; i++)
        free(capture->lines[i].text);
    free(capture->lines);
}

/* Every whole message of the given side, in order: calls take(ctx, message) for each; several conversations (pools) in one file are fine. */
static inline void capture_messages(const struct capture *capture, char from,
                                    void (*take)(void *ctx, const struct message *message), void *ctx)
{
    struct stream {
        struct guid guid;
        bool prompt;
        struct defragmenter in;
    } *streams = x_calloc(capture->count + 1, sizeof *streams);
    size_t stream_count = 0;

    for (size_t i = 0; i < capture->count; i++) {
        const struct packet *p = &capture->lines[i].packet;
        struct buf bytes = { 0 };
        struct message message;
        const char *at;
        size_t len, s = 0;
        if (capture->lines[i].from != from || p->kind != PACKET_DATA)
            continue;
        while (s < stream_count && (!guid_equal(&streams[s].guid, &p->guid) || streams[s].prompt != p->prompt_response))
            s++;
        if (s == stream_count)
            streams[stream_count++] = (struct stream){ .guid = p->guid, .prompt = p->prompt_response };
        if (base64_decode(p->base64, p->base64_len, &bytes) &&
            defragmenter_add(&streams[s].in, buf_at(&bytes), bytes.len, NULL))
            while (defragmenter_next(&streams[s].in, &at, &len, NULL))
                if (message_parse(at, len, &message, NULL))
                    take(ctx, &message);
        buf_done(&bytes);
    }
    for (size_t s = 0; s < stream_count; s++)
        defragmenter_done(&streams[s].in);
    free(streams);
}

static const char *const capture_names[] = {
    "01-open-close", "02-command-output", "03-typed-params", "04-nonterminating-error", "05-terminating-error",
    "06-command-not-found", "07-multi-fragment", "08-stop", "09-close-running", "10-streams", "11-unicode", "12-types",
    "13-two-commands", "14-parallel", "15-queued", "16-input", "17-host-null", "18-host-calls", "19-transport-errors",
    "20-runspace-ops", "21-protocol-2.4", "22-nolanguage", "23-reopen", "24-bad-messages", "25-stdout-noise",
};

static inline struct capture capture_named(const char *name)
{
    char path[128];

    snprintf(path, sizeof path, "tests/data/psrp/%s.txt", name);
    return capture_load(path);
}

#endif

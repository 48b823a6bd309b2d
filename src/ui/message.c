/* message.c - the message line and what it has said so far. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "ipamtui/clock.h"
#include "ipamtui/log.h"
#include "ipamtui/text.h"
#include "screen.h"

#define LOG_MAX 1000

static void keep(struct ui *ui, enum look look, const char *text)
{
    struct message_log *log = &ui->log;

    if (log->count == LOG_MAX) {
        free(log->rows[0].text);
        memmove(log->rows, log->rows + 1, --log->count * sizeof *log->rows);
    }
    x_grow(&log->rows, &log->cap, log->count + 1, sizeof *log->rows);
    log->rows[log->count++] = (struct message){ .at_s = clock_now_s(), .look = look, .text = x_strdup(text) };
    log_line("screen", "%s", text);
}

void ui_say(struct ui *ui, enum look look, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(ui->message, sizeof ui->message, fmt, args);
    va_end(args);
    ui->message_look = look;
    keep(ui, look, ui->message);
    ui_dirty(ui);
}

void ui_log_only(struct ui *ui, enum look look, const char *fmt, ...)
{
    char text[600];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    keep(ui, look, text);
}

/* A path that would push the sentence off the line is named by its end. */
static const char *short_place(const struct err *err)
{
    const char *slash = strrchr(err->where, '/');
    int w, h;

    screen_size(&w, &h);
    return slash && slash[1] && text_width(err->where) + text_width(err->text) + 2 > w ? slash + 1 : err->where;
}

void ui_error(struct ui *ui, const struct err *err)
{
    if (err->where[0] && !strstr(err->text, err->where))
        ui_say(ui, LOOK_ERROR, "%s: %s", short_place(err), err->text);
    else
        ui_say(ui, LOOK_ERROR, "%s", err->text);
}

void ui_failed(struct ui *ui, const struct err *err)
{
    if (err->kind != ERR_NONE && err->kind != ERR_CANCELLED)
        ui_error(ui, err);
}

void message_log_done(struct message_log *log)
{
    for (size_t i = 0; i < log->count; i++)
        free(log->rows[i].text);
    free(log->rows);
    *log = (struct message_log){ 0 };
}

#include "asks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "changes.h"
#include "ipamtui/text.h"

static void show_next(struct ui *ui);

static struct ask_item **find(struct ui *ui, uint64_t id)
{
    struct ask_item **at = &ui->asks;

    while (*at && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

static void answer(struct ui *ui, int button, const char *const *answers, void *ctx)
{
    struct ask_item *item = ctx, **at = find(ui, item->id);

    /* A host key has no lines to type: it is accepted by an empty list, which is what the dialog hands over. */
    collector_answer(ui->collector, item->id, button == 0 ? answers : NULL);
    if (*at)
        *at = item->next;
    free(item);
    show_next(ui);
}

static void show(struct ui *ui, struct ask_item *item)
{
    static const char *const key_buttons[] = { "Accept", "Refuse" };
    static const char *const text_buttons[] = { "OK", "Cancel" };
    bool key = item->ask.kind == ASK_HOSTKEY;
    struct dialog_field fields[4];
    char title[200], *text;

    for (int i = 0; i < item->ask.prompt_count && i < 4; i++) {
        fields[i].label = item->ask.prompts[i][0]            ? item->ask.prompts[i]
                          : item->ask.kind == ASK_PASSPHRASE ? "Passphrase:"
                                                             : "Password:";
        fields[i].echo = item->ask.kind == ASK_PROMPTS && item->ask.echo[i];
    }
    snprintf(title, sizeof title, "%s: %s", item->server,
             key ? "unknown host key" : item->ask.kind == ASK_PASSPHRASE ? "passphrase" : "login");
    text = x_asprintf("%s%s%s\n%s", item->ask.host, item->ask.host[0] ? ":\n" : "", item->ask.text,
                      key ? "\nAccept it only if you know that it is this host's.\n" : "");
    item->dialog = ui_dialog(ui, title, text, key ? key_buttons : text_buttons, 2, key ? 1 : 0, fields,
                             MIN(item->ask.prompt_count, 4), answer, item);
    free(text);
}

static void show_next(struct ui *ui)
{
    if (ui->asks && !ui->asks->dialog)
        show(ui, ui->asks);
}

void ui_ask(struct ui *ui, uint64_t id, const char *server, const struct transport_ask *ask)
{
    struct ask_item *item = x_alloc(sizeof *item), **end = &ui->asks;

    item->id = id;
    item->ask = *ask;
    snprintf(item->server, sizeof item->server, "%.63s", server[0] ? server : ask->host);
    while (*end)
        end = &(*end)->next;
    *end = item;
    show_next(ui);
}

void ui_ask_gone(struct ui *ui, uint64_t id)
{
    struct ask_item **at = find(ui, id), *item = *at;

    if (!item)
        return;
    *at = item->next;
    if (item->dialog) {
        ui_drop(ui, item->dialog);
        ui_say(ui, LOOK_NORMAL, "%s does not wait for the answer any more", item->server);
    }
    free(item);
    show_next(ui);
}

void ui_asks_done(struct ui *ui)
{
    while (ui->asks) {
        struct ask_item *item = ui->asks;

        ui->asks = item->next;
        free(item);
    }
}

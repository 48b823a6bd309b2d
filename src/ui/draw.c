/* draw.c - one frame, from state alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app.h"
#include "changes.h"
#include "ipamtui/text.h"
#include "screen.h"

/* ":3" beside Changes while so many are planned. */
static const char *pane_count(const struct ui *ui, const struct pane_ops *ops, char *out, size_t size)
{
    size_t pending = ops->object == &catalog_changes ? ui_changes_pending(ui) : 0;

    snprintf(out, size, pending ? ":%zu" : "", pending);
    return out;
}

static void draw_bar(const struct ui *ui, struct rect r)
{
    char text[160], clock[32], count[24];
    struct tm tm;
    time_t now = (time_t)ui->now_s;
    int x = 0;

    screen_put(r.y, 0, r.w, LOOK_BAR, "");
    snprintf(text, sizeof text, "%s ", ui->how->label ? ui->how->label : "ipamtui");
    x += screen_text(r.y, x, r.w, LOOK_TITLE, text);
    for (size_t i = 0; i < ui->pane_count; i++) {
        const struct pane_ops *ops = ui->panes[i].ops;
        bool here = i == ui->pane;

        /* On a narrow bar the lists need the room more than the overview, where one begins, and the jobs, which the strip names. */
        if (!here && (!ops->digit || (strchr("06", ops->digit) && r.w < 100)))
            continue;
        if (ops->digit)
            snprintf(text, sizeof text, here ? "[%c %s%s]" : " %c %s%s ", ops->digit, ops->title, pane_count(ui, ops, count, sizeof count));
        else
            snprintf(text, sizeof text, "[%s]", ops->title);
        x += screen_text(r.y, x, r.w - x, here ? LOOK_TAB : LOOK_BAR, text);
    }
    if (ui->how->read_only)
        screen_text(r.y, x + 1, r.w - x - 1, LOOK_WARN, "read-only");
    if (ui->dates == DATES_UTC || ui->dates == DATES_ISO)
        gmtime_r(&now, &tm);
    else
        localtime_r(&now, &tm);
    strftime(clock, sizeof clock, r.w >= LAYOUT_BESIDE_W ? "%H:%M %Z" : "%H:%M", &tm);
    screen_put_right(r.y, r.w - 12, 12, LOOK_BAR, clock);
}

static void title_sort(const struct table *table, char *out, size_t size)
{
    struct buf text = { 0 };

    for (size_t i = 0; i < table->key_count; i++)
        buf_addf(&text, "%s%s %s", i ? ", " : "", table->ops->object->properties[table->keys[i].property].title,
                 glyph(table->keys[i].descending ? GLYPH_DOWN : GLYPH_UP));
    snprintf(out, size, "%s", text.len ? buf_at(&text) : "");
    buf_done(&text);
}

static void title_count(const struct table *table, char *out, size_t size)
{
    size_t count = view_count(table->view);
    const char *more = view_complete(table->view) ? "" : "+";

    if (table->total >= 0 && (size_t)table->total > count)
        snprintf(out, size, "%zu%s of %lld", count, more, (long long)table->total);
    else
        snprintf(out, size, "%zu%s", count, more);
}

/* What the list holds back while it is held still: for good, or until the cursor rests. */
static void title_held(const struct ui *ui, char *out, size_t size)
{
    const struct table *table = &ui->panes[ui->pane].table;
    char keys[32] = "";

    out[0] = '\0';
    if (table->frozen)
        keytable_keys_of(&ui->keys, ui->panes[ui->pane].ops->name, "freeze", keys, sizeof keys);
    if (table->arrived > 0 && table->frozen)
        snprintf(out, size, "frozen, %lld new (%s shows)   ", (long long)table->arrived, keys[0] ? keys : ":freeze");
    else if (table->arrived > 0)
        snprintf(out, size, "%lld new   ", (long long)table->arrived);
    else if (table->frozen)
        snprintf(out, size, "frozen%s   ", table->reload_wanted ? ", changed" : "");
}

static void title_marks(const struct table *table, char *out, size_t size)
{
    out[0] = '\0';
    if (table->marks.count > 0 && table->hidden_marks > 0)
        snprintf(out, size, "%zu marked (%zu hidden)", table->marks.count, table->hidden_marks);
    else if (table->marks.count > 0)
        snprintf(out, size, "%zu marked", table->marks.count);
    if (table->range_from)
        snprintf(out + strlen(out), size - strlen(out), "%srange", out[0] ? ", " : "");
}

/* " [PROD] ": the label of a server beside what is shown of it, or besides with its name. Returns the cells it took. */
static int draw_label(const struct ui *ui, server_id server, bool named, int y, int x, int w)
{
    const struct caution *caution = caution_of(&ui->known.cautions, server);
    char text[400];

    if (!caution || !caution->label[0])
        return 0;
    snprintf(text, sizeof text, "%s%s [%s] ", named ? "   " : "", named ? caution->name : "", caution->label);
    return screen_text(y, x, w, LOOK_WARN, text);
}

static void draw_title(const struct ui *ui, struct rect r)
{
    const struct pane_state *pane = &ui->panes[ui->pane];
    const struct table *table = &pane->table;
    char left[512], held[80], sort[160], count[64], marks[64], right[480];
    bool filtered = table->filter[0] != '\0';
    int right_w, used;

    title_sort(table, sort, sizeof sort);
    title_count(table, count, sizeof count);
    title_marks(table, marks, sizeof marks);
    title_held(ui, held, sizeof held);
    snprintf(right, sizeof right, "%s%s%s%s%s%s%s%s", held, table->only_marked ? "only marked   " : "",
             sort[0] ? "sort " : "", sort, sort[0] ? "   " : "", count, marks[0] ? "   " : "", marks);
    if (pane->crumb)
        snprintf(left, sizeof left, "%s", pane->crumb);
    else
        snprintf(left, sizeof left, "%s %s %s", pane->ops->title, glyph(GLYPH_CRUMB), filtered && !table->filter_off ? "filtered" : "all");
    right_w = MIN(text_width(right), r.w * 2 / 3);
    used = screen_text(r.y, r.x, r.w - right_w - 2, LOOK_TITLE, left);
    if (table_row(table))
        used += draw_label(ui, table_row(table)->server, true, r.y, r.x + used, r.w - right_w - 2 - used);
    if (filtered) {
        char filter[400];

        snprintf(filter, sizeof filter, "/%s%s", table->filter, table->filter_off ? " (off: & on)" : "");
        screen_text(r.y, r.x + used + 3, r.w - right_w - used - 5, table->filter_off ? LOOK_DIM : LOOK_MATCH, filter);
    }
    screen_put_right(r.y, r.x + r.w - right_w, right_w, LOOK_NORMAL, right);
}

static void draw_empty(const struct ui *ui, struct rect r)
{
    const struct pane_state *pane = &ui->panes[ui->pane];
    const struct table *table = &pane->table;
    char text[300], keys[64];

    if (!view_complete(table->view)) {
        snprintf(text, sizeof text, "Reading ...");
    } else if (view_fault(table->view)->kind != ERR_NONE) {
        snprintf(text, sizeof text, "The list could not be read: %s", view_fault(table->view)->text);
    } else if (table->only_marked) {
        snprintf(text, sizeof text, "None of the marked %ss is in this list.", pane->ops->noun);
    } else if (table->filter[0] && !table->filter_off) {
        keytable_keys_of(&ui->keys, pane->ops->name, "filter-toggle", keys, sizeof keys);
        snprintf(text, sizeof text, "No %s matches /%s (%s shows all).", pane->ops->noun, table->filter, keys);
    } else {
        snprintf(text, sizeof text, "%s", pane->ops->empty);
    }
    screen_text(r.y + 1, r.x + GUTTER, r.w - GUTTER, LOOK_NORMAL, text);
}

/* ------------------------------------------------------------------ preview */

static void draw_rule(const struct ui *ui, struct rect r, bool beside)
{
    char title[300], keys[32], hint[64];
    const char *name = ui->preview_id && ui->preview.title ? ui->preview.title : "";

    if (beside) {
        screen_rule_down(r.y, r.x, r.h);
        return;
    }
    keytable_keys_of(&ui->keys, ui_pane((struct ui *)ui)->ops->name, "preview", keys, sizeof keys);
    snprintf(hint, sizeof hint, " %s %s ", keys, ui->wish.preview == PREVIEW_BIG ? "hide" : "bigger");
    snprintf(title, sizeof title, " %s ", name);
    screen_rule(r.y, r.x, r.w);
    if (name[0]) {
        int used = screen_text(r.y, r.x + 2, r.w - 20, ui->preview_focus ? LOOK_CURSOR : LOOK_TITLE, title);

        draw_label(ui, ui->preview_server, false, r.y, r.x + 1 + used, r.w - 19 - used);
    }
    if (keys[0])
        screen_text(r.y, r.x + r.w - text_width(hint) - 2, text_width(hint), LOOK_DIM, hint);
}

size_t ui_wrap(const char *text, int w)
{
    size_t fit = text_fit(text, w, NULL), at;

    if (text[fit] == '\0')
        return fit;
    for (at = fit; at > 0 && text[at] != ' '; at--)
        ;
    return at > strspn(text, " ") ? at : MAX(fit, 1); /* blanks in front are no place to break */
}

/* Lines of the preview, long ones continued under their value. Draws those from `from` on; returns how many there are. */
static size_t draw_lines(const struct preview *preview, struct rect r, size_t from, bool draw)
{
    const int indent = 9;
    size_t line = 0;
    char printable[2048];

    for (size_t i = 0; i < preview->count; i++) {
        const char *text = text_printable(preview->lines[i].text, printable, sizeof printable);
        bool first = true;

        do {
            int w = first ? r.w : r.w - indent;
            size_t take = ui_wrap(text, MAX(w, 10));
            char *part = x_strndup(text, take);

            if (draw && line >= from && line < from + (size_t)r.h)
                screen_text(r.y + (int)(line - from), first ? r.x : r.x + indent, w, preview->lines[i].look, part);
            free(part);
            line++;
            text += take;
            text += first || *text == ' ' ? strspn(text, " ") : 0;
            first = false;
        } while (*text);
    }
    return line;
}

static void draw_preview(struct ui *ui, struct rect r)
{
    struct rect text = r;
    size_t lines, last;

    if (ui->layout.beside) {
        if (ui->preview.title) {
            int used = screen_put(r.y, r.x, r.w, ui->preview_focus ? LOOK_CURSOR : LOOK_TITLE, ui->preview.title);

            draw_label(ui, ui->preview_server, false, r.y, r.x + used, r.w - used);
        }
        text.y += 2;
        text.h -= 2;
    }
    lines = draw_lines(&ui->preview, text, 0, false);
    last = lines > (size_t)MAX(text.h, 0) ? lines - (size_t)text.h : 0;
    ui->preview_scroll = MIN(ui->preview_scroll, last);
    draw_lines(&ui->preview, text, ui->preview_scroll, true);
    if (ui->preview_scroll < last)
        screen_text(r.y + r.h - 1, r.x + r.w - 6, 6, LOOK_DIM, " more ");
    if (ui->preview_focus)
        screen_cursor(text.y, r.x);
}

/* ------------------------------------------------------------------ bottom lines */

struct hint {
    char keys[24];
    const struct command *command;
    int w;
};

static void draw_hint(struct ui *ui, const struct hint *hint, struct rect r, int x)
{
    char why[200];
    bool off = ui_command_off(ui, hint->command, why, sizeof why) != NULL;

    x += screen_text(r.y, x, r.w - x, LOOK_KEY, hint->keys) + 1;
    screen_text(r.y, x, r.w - x, off ? LOOK_DIM : LOOK_NORMAL, hint->command->label);
}

static const struct command *labelled(struct ui *ui, const struct key_entry *entry)
{
    const struct command *command;
    char name[64];

    if (!keytable_in_force(&ui->keys, entry, ui_pane(ui)->ops->name))
        return NULL;
    snprintf(name, sizeof name, "%.*s", (int)MIN(strcspn(entry->binding->run, " "), 63), entry->binding->run);
    command = ui_find_command(ui, name);
    return command && command->label ? command : NULL;
}

static void add_hint(struct ui *ui, const struct command *command, struct hint *hints, size_t *count)
{
    struct hint *hint = &hints[*count];

    if (!command || !command->label || !keytable_keys_of(&ui->keys, ui_pane(ui)->ops->name, command->name, hint->keys, sizeof hint->keys)[0])
        return;
    hint->command = command;
    hint->w = text_width(hint->keys) + text_width(command->label) + 2;
    (*count)++;
}

/* What a pane that draws itself can do, by its own keys: those of lists do nothing there. */
static size_t canvas_hints(struct ui *ui, struct hint *hints, size_t room)
{
    const struct pane_ops *ops = ui_pane(ui)->ops;
    size_t count = 0;

    for (size_t i = 0; i < ops->command_count && count < room; i++)
        add_hint(ui, &ops->commands[i], hints, &count);
    for (const char *const *name = ops->canvas->hints; name && *name && count < room; name++)
        add_hint(ui, ui_find_command(ui, *name), hints, &count);
    return count;
}

/* fkeys: F1 to F12 in their order; letters: each labelled command by its other keys. Where not all have room, those before the
 * last one go: the way out stays. */
static void draw_footer(struct ui *ui, struct rect r)
{
    bool letters = strcmp(ui->options->footer, "letters") == 0;
    struct hint hints[24];
    bool canvas = ui_pane(ui)->ops->canvas != NULL;
    size_t count = canvas ? canvas_hints(ui, hints, COUNT(hints)) : 0;
    int need = 0, x = 0;

    for (size_t i = 0; i < count; i++)
        need += hints[i].w;
    for (int pass = 1; !canvas && pass <= (letters ? 1 : 12); pass++) {
        for (size_t i = 0; i < ui->keys.count && count < COUNT(hints); i++) {
            const struct key_entry *entry = &ui->keys.rows[i];
            bool fkey = entry->count == 1 && entry->keys[0] > K_F0 && entry->keys[0] <= K_F12;
            const struct command *command = NULL;

            if (letters ? !fkey : fkey && entry->keys[0] == K_F0 + pass)
                command = labelled(ui, entry);
            if (!command)
                continue;
            keys_title(entry->keys, entry->count, hints[count].keys, sizeof hints[count].keys);
            hints[count].command = command;
            hints[count].w = text_width(hints[count].keys) + text_width(command->label) + 2;
            need += hints[count++].w;
        }
    }
    while (count > 1 && need - 1 > r.w) {
        need -= hints[count - 2].w;
        hints[count - 2] = hints[count - 1];
        count--;
    }
    for (size_t i = 0; i < count; i++) {
        draw_hint(ui, &hints[i], r, x);
        x += hints[i].w;
    }
}

/* After a prefix: what may follow. */
static void draw_pending(struct ui *ui)
{
    struct rect r = { .x = 2, .w = MIN(ui->layout.message.w - 4, 76) };
    char title[64];
    int rows = 0, y;

    for (size_t i = 0; i < ui->keys.count; i++) {
        const struct key_entry *entry = &ui->keys.rows[i];

        rows += entry->count > ui->pending_count &&
                memcmp(entry->keys, ui->pending, (size_t)ui->pending_count * sizeof(int)) == 0 &&
                keytable_in_force(&ui->keys, entry, ui_pane(ui)->ops->name);
    }
    r.h = MIN(rows + 2, ui->layout.strip.y - 1);
    r.y = ui->layout.strip.y - r.h + 1;
    keys_title(ui->pending, ui->pending_count, title, sizeof title);
    screen_box(r, title);
    y = r.y + 1;
    for (size_t i = 0; i < ui->keys.count && y < r.y + r.h - 1; i++) {
        const struct key_entry *entry = &ui->keys.rows[i];
        const struct command *command;
        char keys[64], line[300], name[64];

        if (entry->count <= ui->pending_count ||
            memcmp(entry->keys, ui->pending, (size_t)ui->pending_count * sizeof(int)) != 0 ||
            !keytable_in_force(&ui->keys, entry, ui_pane(ui)->ops->name))
            continue;
        snprintf(name, sizeof name, "%.*s", (int)MIN(strcspn(entry->binding->run, " "), 63), entry->binding->run);
        command = ui_find_command(ui, name);
        keys_title(entry->keys + ui->pending_count, entry->count - ui->pending_count, keys, sizeof keys);
        snprintf(line, sizeof line, "%-6s %s", keys,
                 entry->binding->note ? entry->binding->note : command ? command->help : entry->binding->run);
        screen_put(y++, r.x + 2, r.w - 4, LOOK_NORMAL, line);
    }
}

static void draw_too_small(int w, int h)
{
    char text[80];

    snprintf(text, sizeof text, "%dx%d: at least %dx%d is needed", w, h, LAYOUT_MIN_W, LAYOUT_MIN_H);
    screen_text(h / 2, 0, w, LOOK_TITLE, text);
    if (h / 2 + 1 < h)
        screen_text(h / 2 + 1, 0, w, LOOK_NORMAL, "Q quits; keys that edit do nothing");
}

static void draw_overlays(struct ui *ui, struct overlay *overlay)
{
    if (!overlay)
        return;
    draw_overlays(ui, overlay->below);
    overlay->ops->draw(ui, overlay);
}

/* How far a list scrolls when the cursor leaves it. Where the terminal cannot move lines everything is sent again: seldom, then.
 * Beside a preview each move has the preview drawn again: as many lines at once as a step may send. It sends two rows
 * anyway, because of their look, and a row takes up to five bytes for four cells. */
static int lines_at_edge(const struct layout *l)
{
    const int row = MAX(1, l->list.w * 5 / 4), step = 600, move = 40;

    if (!screen_scrolls())
        return l->list.h / 2 + 1;
    if (!l->beside)
        return 1;
    return MAX(1, MIN((step - move - 2 * row) / row + 1, l->list.h / 3));
}

void ui_draw(struct ui *ui)
{
    struct table *table = ui_table(ui);
    struct table_style style = { .dates = ui->dates, .focused = !ui->preview_focus };
    struct layout_wish wish = ui->wish;
    char strip[512];
    int w, h;

    if (ui->now_s - ui->minute_s > 60 || ui->now_s < ui->minute_s) /* the clock was set */
        ui->minute_s = ui->now_s;
    style.now_s = ui->minute_s;

    screen_size(&w, &h);
    screen_begin();
    if (ui_pane(ui)->ops->canvas ? ui_pane(ui)->ops->canvas->whole : !ui_pane(ui)->ops->preview)
        wish.preview = PREVIEW_OFF;
    ui->layout = layout(w, h, &wish);
    if (ui->layout.too_small) {
        draw_too_small(w, h);
        screen_end();
        return;
    }
    if (!table->columns_chosen && table->columns_for != ui->layout.list.w && ui->layout.list.w > 0)
        table_columns_default(table, ui->layout.list.w);
    table_tell_shown(table, ui->dates);
    table->edge = lines_at_edge(&ui->layout);
    table_sync(table);
    draw_bar(ui, ui->layout.bar);
    if (ui_pane(ui)->ops->canvas)
        ui_pane(ui)->ops->canvas->draw(ui);
    else
        draw_title(ui, ui->layout.title);
    if (ui->layout.list.h > 0 && !ui_pane(ui)->ops->canvas) {
        table_draw(table, ui->layout.head, ui->layout.list, &style);
        if (view_count(table->view) == 0)
            draw_empty(ui, ui->layout.list);
    }
    if (ui->layout.preview.h > 0 && !ui_pane(ui)->ops->canvas) {
        draw_rule(ui, ui->layout.rule, ui->layout.beside);
        ui_preview_scrolled(ui);
        if (!ui->preview_blank)
            draw_preview(ui, ui->layout.preview);
    }
    screen_list(ui->layout.list);
    ui_strip(ui, strip, sizeof strip);
    screen_put(ui->layout.strip.y, 0, w, job_log_going(&ui->jobs).jobs > 0 ? LOOK_TITLE : LOOK_DIM, strip);
    screen_put(ui->layout.message.y, 0, w, ui->message_look, ui->message);
    if (ui->layout.footer.h)
        draw_footer(ui, ui->layout.footer);
    if (ui->pending_box && !ui->overlay)
        draw_pending(ui);
    draw_overlays(ui, ui->overlay);
    screen_end();
}

/* commands_mark.c - marking rows. */
#include <string.h>

#include "app.h"
#include "ipamtui/query.h"

bool ui_mark_query(struct ui *ui, const char *text, int step, struct err *err);

static bool mark_toggle(struct command_call *call, struct err *err)
{
    struct table *table = ui_table(call->ui);

    (void)err;
    table_mark_toggle(table);
    table_move(table, 1);
    return true;
}

static bool mark_range(struct command_call *call, struct err *err)
{
    (void)err;
    table_range(ui_table(call->ui), true);
    return true;
}

/* Shift with an arrow: the range grows while Shift is held and becomes marks with the next plain movement. */
static bool range_step(struct table *table, int by)
{
    bool sticky;

    table_range(table, false);
    sticky = table->range_sticky;
    table->range_sticky = true;
    table_move(table, by);
    table->range_sticky = sticky;
    return true;
}

static bool range_down(struct command_call *call, struct err *err)
{
    (void)err;
    return range_step(ui_table(call->ui), 1);
}

static bool range_up(struct command_call *call, struct err *err)
{
    (void)err;
    return range_step(ui_table(call->ui), -1);
}

static bool mark_all(struct command_call *call, struct err *err)
{
    struct table *table = ui_table(call->ui);

    if (!view_complete(table->view))
        return err_set(err, ERR_CONFLICT, "", "the list is still being read: mark all when it is whole");
    table_mark_all(table);
    return true;
}

static bool mark_none(struct command_call *call, struct err *err)
{
    (void)err;
    table_mark_none(ui_table(call->ui));
    return true;
}

static bool mark_invert(struct command_call *call, struct err *err)
{
    struct table *table = ui_table(call->ui);

    if (!view_complete(table->view))
        return err_set(err, ERR_CONFLICT, "", "the list is still being read: invert when it is whole");
    table_mark_invert(table);
    return true;
}

static bool only_marked(struct command_call *call, struct err *err)
{
    struct table *table = ui_table(call->ui);

    if (!table->only_marked && table->marks.count == 0)
        return err_set(err, ERR_INPUT, "", "nothing is marked");
    table_only_marked(table, !table->only_marked);
    return true;
}

static void complete(struct ui *ui, const char *text, size_t at, size_t *from, struct word_list *out, void *ctx);

static void mark_accept(struct ui *ui, const char *text, void *ctx)
{
    struct err err = { 0 };

    if (text[0] && !ui_mark_query(ui, text, ctx ? 1 : -1, &err))
        ui_error(ui, &err);
}

static const struct prompt_ops mark_prompt = { .label = "Mark: ", .accept = mark_accept, .complete = complete };

static bool add_word(void *ctx, const char *word, const char *help)
{
    word_list_add(ctx, word, help, "", 0);
    return true;
}

static void complete(struct ui *ui, const char *text, size_t at, size_t *from, struct word_list *out, void *ctx)
{
    (void)ctx;
    *from = at;
    while (*from > 0 && !strchr(" ()", text[*from - 1])) /* words come with their field: "state:active" */
        --*from;
    query_complete(ui_table(ui)->ops->object, text, at, add_word, out);
}

static bool mark(struct command_call *call, struct err *err)
{
    if (call->args[0])
        return ui_mark_query(call->ui, call->args, 1, err);
    ui_prompt(call->ui, &mark_prompt, "Mark: ", "", &call->ui->filter_history, call->ui);
    return true;
}

static bool unmark(struct command_call *call, struct err *err)
{
    if (call->args[0])
        return ui_mark_query(call->ui, call->args, -1, err);
    ui_prompt(call->ui, &mark_prompt, "Unmark: ", "", &call->ui->filter_history, NULL);
    return true;
}

static void complete_query(struct command_call *call, size_t at, command_word_fn *fn, void *ctx)
{
    query_complete(call->object, call->args, at, fn, ctx);
}

static const struct command rows[] = {
    { .name = "mark-toggle", .help = "Mark this row, or unmark it, and step down", .on = ON_ROW, .group = GROUP_MARK, .run = mark_toggle },
    { .name = "mark-range", .help = "Begin a range here, or keep the one begun", .on = ON_ROW, .group = GROUP_MARK, .run = mark_range },
    { .name = "range-down", .help = "Extend a range down", .on = ON_ROW, .group = GROUP_MARK, .run = range_down },
    { .name = "range-up", .help = "Extend a range up", .on = ON_ROW, .group = GROUP_MARK, .run = range_up },
    { .name = "mark-all", .help = "Mark all rows that the list shows", .group = GROUP_MARK, .run = mark_all },
    { .name = "mark-none", .help = "Take all marks away", .group = GROUP_MARK, .run = mark_none },
    { .name = "mark-invert", .help = "Mark what is not marked, within what is shown", .group = GROUP_MARK, .run = mark_invert },
    { .name = "mark", .args = "[query]", .help = "Mark rows that match a query", .group = GROUP_MARK, .run = mark, .complete = complete_query },
    { .name = "unmark", .args = "[query]", .help = "Unmark rows that match a query", .group = GROUP_MARK, .run = unmark, .complete = complete_query },
    { .name = "only-marked", .help = "Show only marked rows, or all again", .group = GROUP_MARK, .run = only_marked },
};
const struct command_table ui_mark_commands = { rows, COUNT(rows) };

/* form.c - the edit form: the fields of the marked rows, with the plan beside them. */
#include "changes.h"

void form_open(struct ui *ui, const struct object_type *object, const row_id *ids, size_t count)
{
    (void)object;
    (void)ids;
    ui_say(ui, LOOK_NORMAL, "%zu rows: c l, c n ... and :set plan one property", count);
}

bool form_note(struct ui *ui, struct desk_note *note)
{
    (void)ui;
    (void)note;
    return false;
}

void form_draft_free(struct form_draft *draft)
{
    (void)draft;
}

void form_retire(struct ui *ui, uint64_t answered)
{
    (void)ui;
    (void)answered;
}

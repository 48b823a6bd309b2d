/* answers.c - what a server answered to what is asked on demand: kept with its task until all of it has come, then told to every job
 * that asked. Nothing of it goes into the store. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

static size_t note_size(const struct object_type *object)
{
    return sizeof(struct note) + object->property_count * sizeof(struct value);
}

static struct note *answer_of(struct task *task, const struct object_type *object)
{
    struct note *note = NULL;

    for (size_t i = 0; i < task->answer_count; i++)
        if (task->answers[i]->object == object)
            return task->answers[i];
    assert(task->answer_count < COUNT(task->answers));
    note = x_calloc(1, note_size(object));
    note->kind = NOTE_ANSWER;
    note->server = task->server->id;
    note->object = object;
    task->answers[task->answer_count++] = note;
    return note;
}

void answers_rows(struct task *task, const struct fetch_rows *rows)
{
    struct note *note = answer_of(task, rows->object);

    note->ok = true;
    memcpy(note->values, rows->values, rows->object->property_count * sizeof(*rows->values));
}

void answers_refused(struct task *task, const struct object_type *object, enum fetch_result result, const struct err *err)
{
    struct note *note = answer_of(task, object);

    note->ok = false;
    if (result != FETCH_NOT_OFFERED)
        note->err = *err;
}

void answers_tell(struct task *task)
{
    for (size_t i = 0; i < task->answer_count; i++)
        for (size_t j = 0; j < task->job_count; j++) {
            size_t size = note_size(task->answers[i]->object);
            struct note *note = x_calloc(1, size);

            memcpy(note, task->answers[i], size);
            note->job = task->jobs[j]->id;
            note->what = task->what;
            memcpy(note->server_name, task->server->name, sizeof(note->server_name));
            mailbox_put_take(task->server->c->notes, note);
        }
}

void answers_drop(struct task *task)
{
    for (size_t i = 0; i < task->answer_count; i++)
        free(task->answers[i]);
    task->answer_count = 0;
}

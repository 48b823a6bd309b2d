/* apply_judge.c - what a re-reading says about a step: before it is sent, and after. */
#include <stdio.h>
#include <string.h>

#include "apply_int.h"
#include "ipamtui/clock.h"

void step_settle(struct change_apply *apply, size_t at, enum change_state state, const char *text)
{
    struct change_step *step = &apply->steps[at];

    step->state = state;
    step->text = text != NULL ? arena_strdup(&apply->mem, text) : "";
    step->settled_at = clock_now_s();
    apply->work[at].dirty = true;
    apply->work[at].send = false;
    apply_step_changed(apply, at);
    if ((state == CHANGE_FAILED && !apply->work[at].refused) || state == CHANGE_UNKNOWN)
        apply_failure(apply); /* a refusal was counted when it came */
}

static const char *shown(const struct change_step *step, struct value v, char *out, size_t size)
{
    if (v.type == VALUE_TEXT && v.s[0] == '\0')
        snprintf(out, size, "(empty)");
    else
        property_show(&step->object->properties[step->property], v, out, size);
    return out;
}

static void note_found(struct change_apply *apply, size_t at, struct value found)
{
    apply->steps[at].found = value_in(found, &apply->mem);
}

/* ------------------------------------------------------------------ before */
static void conflict(struct change_apply *apply, size_t at, const char *text)
{
    apply->steps[at].hint = "look at it, then plan it again from what is there";
    step_settle(apply, at, CHANGE_CONFLICT, text);
}

static void judge_set(struct change_apply *apply, size_t at, struct value now)
{
    struct change_step *step = &apply->steps[at];
    const struct property *p = &step->object->properties[step->property];
    char text[400], a[160], b[160];

    note_found(apply, at, now);
    if (now.type == VALUE_NULL) {
        snprintf(text, sizeof(text), "the server does not report %s, so it is not written", p->name);
        step_settle(apply, at, CHANGE_SKIPPED, text);
    } else if (same_value(p, now, step->after)) {
        step_settle(apply, at, CHANGE_SKIPPED, "was so already on the server");
    } else if (step->before.type != VALUE_NULL && !same_value(p, now, step->before)) {
        snprintf(text, sizeof(text), "changed meanwhile: the server has %s, the plan was made for %s",
                 shown(step, now, a, sizeof(a)), shown(step, step->before, b, sizeof(b)));
        conflict(apply, at, text);
    } else {
        step->learnt = step->learnt || step->before.type == VALUE_NULL;
        step->before = step->found;
        apply->work[at].send = true;
    }
}

static void judge_step(struct change_apply *apply, const struct seen *seen, size_t at)
{
    struct change_step *step = &apply->steps[at];
    struct value now;
    bool there, known = seen_value(seen, step, &now, &there);
    char text[200];

    if (!known) {
        step->error_id = arena_strdup(&apply->mem, seen->error_id);
        step->hint = arena_strdup(&apply->mem, seen->words[0] != '\0' ? seen->err.text : "");
        step_settle(apply, at, CHANGE_FAILED, seen->words[0] != '\0' ? seen->words : seen->err.text);
    } else if (step->op == OP_ADD) {
        if (there)
            step_settle(apply, at, CHANGE_SKIPPED, "is there already on the server");
        else
            apply->work[at].send = true;
    } else if (step->op == OP_REMOVE) {
        if (!there)
            step_settle(apply, at, CHANGE_SKIPPED, "is gone already on the server");
        else
            apply->work[at].send = true;
    } else if (!there) {
        snprintf(text, sizeof(text), "the %s is not on the server any more", step->object->noun);
        conflict(apply, at, text);
    } else {
        judge_set(apply, at, now);
    }
}

/* Two ends of a range are one thought: when one is not as planned, the other alone may be nonsense. */
static void judge_needs(struct change_apply *apply, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++) {
        const struct change_step *step = &apply->steps[i];
        const char *needs = step->op == OP_SET ? step->object->properties[step->property].write.needs : NULL;
        int place = needs != NULL ? catalog_property(step->object, needs) : -1;
        char text[200];

        if (place < 0 || !apply->work[i].send)
            continue;
        for (size_t k = first; k < first + count; k++)
            if (apply->steps[k].property == place && apply->steps[k].state == CHANGE_CONFLICT && k != i) {
                snprintf(text, sizeof(text), "goes with %s, which changed meanwhile", needs);
                conflict(apply, i, text);
                break;
            }
    }
}

void judge_before(struct change_apply *apply, const struct seen *seen, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++) {
        enum change_state was = apply->steps[i].state;

        apply->work[i].send = false;
        if (was == CHANGE_PLANNED || was == CHANGE_OPEN)
            judge_step(apply, seen, i);
    }
    judge_needs(apply, first, count);
}

/* ------------------------------------------------------------------ after */
enum outcome { OUTCOME_AFTER, OUTCOME_BEFORE, OUTCOME_OTHER, OUTCOME_UNREAD };

static enum outcome outcome_of(struct change_apply *apply, const struct seen *seen, size_t at)
{
    const struct change_step *step = &apply->steps[at];
    struct value now;
    bool there;

    if (!seen_value(seen, step, &now, &there))
        return OUTCOME_UNREAD;
    if (step->op == OP_ADD)
        return there ? OUTCOME_AFTER : OUTCOME_BEFORE;
    if (step->op == OP_REMOVE)
        return there ? OUTCOME_BEFORE : OUTCOME_AFTER;
    if (!there)
        return OUTCOME_OTHER;
    note_found(apply, at, now);
    if (same_value(&step->object->properties[step->property], now, step->after))
        return OUTCOME_AFTER;
    return same_value(&step->object->properties[step->property], now, step->before) ? OUTCOME_BEFORE : OUTCOME_OTHER;
}

/* The server answered the call. Its error (if any) is in the step already. */
static void settle_answered(struct change_apply *apply, size_t at, enum outcome outcome, const struct seen *seen)
{
    struct change_step *step = &apply->steps[at];
    const char *words = step->text;
    char text[400], now[160];

    if (apply->work[at].refused) {
        if (outcome == OUTCOME_AFTER) {
            snprintf(text, sizeof(text), "done, though the server said: %.300s", words);
            step_settle(apply, at, CHANGE_DONE, text);
        } else {
            step_settle(apply, at, CHANGE_FAILED, words);
        }
    } else if (outcome == OUTCOME_AFTER) {
        step_settle(apply, at, CHANGE_DONE, NULL);
    } else if (outcome == OUTCOME_UNREAD) {
        snprintf(text, sizeof(text), "the server reported no error; it could not be read back: %.250s", seen->err.text);
        step_settle(apply, at, CHANGE_DONE, text);
    } else if (step->op == OP_SET && step->found.type != VALUE_NULL) {
        snprintf(text, sizeof(text), "the server reported no error, but has %s", shown(step, step->found, now, sizeof(now)));
        step_settle(apply, at, CHANGE_FAILED, text);
    } else {
        step_settle(apply, at, CHANGE_FAILED, "the server reported no error, but did not do it");
    }
}

static bool settle_uncertain(struct change_apply *apply, size_t at, enum outcome outcome, bool final,
                             const struct seen *seen)
{
    struct change_step *step = &apply->steps[at];
    char text[400], now[160];
    const char *cut = apply->settling ? "the process that sent it ended" : step->text[0] != '\0' ? step->text
                                                                                          : "the connection was lost";

    if (outcome == OUTCOME_AFTER) {
        snprintf(text, sizeof(text), "%.200s; read back: done", cut);
        step_settle(apply, at, CHANGE_DONE, text);
        return true;
    }
    if (!final)
        return false;
    if (outcome == OUTCOME_UNREAD) {
        snprintf(text, sizeof(text), "%.150s, and it could not be read since: %.200s", cut, seen->err.text);
        step->hint = "settled by reading as soon as the server can be reached: `ipamtui change settle`";
        step_settle(apply, at, CHANGE_UNKNOWN, text);
    } else if (outcome == OUTCOME_BEFORE) {
        snprintf(text, sizeof(text), "%.200s; read back: not done", cut);
        step->hint = "retry it";
        step_settle(apply, at, CHANGE_FAILED, text);
    } else {
        snprintf(text, sizeof(text), "%.200s; the server has %s", cut,
                 step->found.type != VALUE_NULL ? shown(step, step->found, now, sizeof(now)) : "no such row any more");
        step->hint = "look at it, then plan it again from what is there";
        step_settle(apply, at, CHANGE_CONFLICT, text);
    }
    return true;
}

bool judge_after(struct change_apply *apply, const struct seen *seen, size_t at, bool final)
{
    enum outcome outcome = outcome_of(apply, seen, at);

    if (apply->work[at].answered) {
        settle_answered(apply, at, outcome, seen);
        return true;
    }
    return settle_uncertain(apply, at, outcome, final, seen);
}

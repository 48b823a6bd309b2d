#include "apply_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipamtui/change_run.h"
#include "ipamtui/text.h"

/* Among states of steps: its call was answered, what became of it is being read. */
#define ANSWERED 255

static bool is_settled(enum change_state state)
{
    return state != CHANGE_PLANNED && state != CHANGE_OPEN;
}

/* Steps of one server come together: the latest one is looked at first. */
static struct watched_server *server_of(struct apply_watch *watch, const struct change_step *step)
{
    struct watched_server *row;

    for (size_t i = watch->count; i > 0; i--) {
        if (watch->rows[i - 1].server == step->server)
            return &watch->rows[i - 1];
    }
    x_grow(&watch->rows, &watch->cap, watch->count + 1, sizeof *watch->rows);
    row = &watch->rows[watch->count++];
    *row = (struct watched_server){ .server = step->server };
    snprintf(row->name, sizeof row->name, "%s", step->server_name ? step->server_name : "");
    return row;
}

void apply_watch_begin(struct apply_watch *watch, const struct change_plan *plan, int64_t now_ms)
{
    apply_watch_done(watch);
    watch->began_ms = now_ms;
    watch->total = plan->count;
    for (size_t i = 0; i < plan->count; i++)
        server_of(watch, &plan->steps[i])->total++;
}

void apply_watch_done(struct apply_watch *watch)
{
    free(watch->rows);
    free(watch->states);
    *watch = (struct apply_watch){ 0 };
}

void apply_watch_step(struct apply_watch *watch, const struct change_step *step)
{
    struct watched_server *row = server_of(watch, step);
    char object[300];
    unsigned char *was;

    if (step->no < 0)
        return;
    if ((size_t)step->no >= watch->state_cap) {
        size_t cap = (size_t)step->no * 2 + 64;

        watch->states = x_realloc(watch->states, cap);
        memset(watch->states + watch->state_cap, 0, cap - watch->state_cap);
        watch->state_cap = cap;
    }
    was = &watch->states[step->no];
    if (*was == ANSWERED)
        row->answered--;
    else if (*was)
        row->counts[*was - 1]--;
    *was = step->state == CHANGE_OPEN && step->answered ? ANSWERED : (unsigned char)(1 + step->state);
    if (*was == ANSWERED)
        row->answered++;
    else
        row->counts[step->state]++;
    if (step->state != CHANGE_PLANNED)
        snprintf(row->now, sizeof row->now, "%.150s", change_step_object(step, object, sizeof object));
}

/* ------------------------------------------------------------------ what it says */
static size_t answered_of(const struct watched_server *row)
{
    size_t sum = row->answered;

    for (int s = 0; s < CHANGE_STATES; s++)
        sum += is_settled((enum change_state)s) ? (size_t)row->counts[s] : 0;
    return sum;
}

size_t apply_watch_answered(const struct apply_watch *watch)
{
    size_t sum = 0;

    for (size_t i = 0; i < watch->count; i++)
        sum += answered_of(&watch->rows[i]);
    return sum;
}

char *apply_watch_rate(const struct apply_watch *watch, int64_t now_ms, char *out, size_t size)
{
    size_t done = apply_watch_answered(watch), left = watch->total - MIN(watch->total, done);
    double seconds = (double)(now_ms - watch->began_ms) / 1000, rate;
    long long wait;

    out[0] = '\0';
    if (done == 0 || seconds < 0.5)
        return out;
    rate = (double)done / seconds;
    wait = (long long)((double)left / rate + 0.5);
    snprintf(out, size, rate >= 10 ? "%.0f/s" : "%.1f/s", rate);
    if (left > 0 && wait >= 120)
        snprintf(out + strlen(out), size - strlen(out), ", about %lld min left", (wait + 30) / 60);
    else if (left > 0)
        snprintf(out + strlen(out), size - strlen(out), ", about %lld s left", MAX(wait, 1));
    return out;
}

/* Those that need a look, also when they have ended, then the ones at work, waiting, done. */
enum rank { RANK_BAD, RANK_RUNNING, RANK_WAITING, RANK_DONE, RANKS };

static bool has_ended(const struct watched_server *row)
{
    return answered_of(row) >= row->total && row->answered == 0;
}

static enum rank rank_of(const struct watched_server *row)
{
    if (row->counts[CHANGE_FAILED] + row->counts[CHANGE_CONFLICT] + row->counts[CHANGE_UNKNOWN] > 0)
        return RANK_BAD;
    if (has_ended(row))
        return RANK_DONE;
    return answered_of(row) > 0 || row->counts[CHANGE_OPEN] > 0 ? RANK_RUNNING : RANK_WAITING;
}

static void add_server(const struct watched_server *row, enum rank rank, int w, struct preview *out)
{
    static const enum change_state told[] = { CHANGE_FAILED, CHANGE_CONFLICT, CHANGE_UNKNOWN, CHANGE_SKIPPED };
    size_t done = answered_of(row);
    struct buf text = { 0 };
    bool bad = false;
    char bar[16];
    int room;

    buf_addf(&text, "%-14.14s %-7s [%s] %zu/%zu", row->name, has_ended(row) ? "done" : rank == RANK_WAITING ? "waiting" : "running",
             preview_bar((double)done * 100 / (double)MAX(row->total, 1), 10, bar, sizeof bar), done, row->total);
    for (size_t i = 0; i < COUNT(told); i++) {
        if (row->counts[told[i]] > 0)
            buf_addf(&text, ", %lld %s", (long long)row->counts[told[i]], change_state_name(told[i]));
        bad = bad || (row->counts[told[i]] > 0 && told[i] != CHANGE_SKIPPED);
    }
    room = w - text_width(buf_at(&text)) - 2;
    if (!has_ended(row) && row->now[0] && room > 8)
        buf_addf(&text, "  %.*s", (int)text_fit(row->now, room, NULL), row->now);
    preview_add(out, bad ? LOOK_WARN : rank == RANK_DONE ? LOOK_DIM : LOOK_NORMAL, "%s", buf_at(&text));
    buf_done(&text);
}

static void add_rest(const struct apply_watch *watch, const size_t ranks[RANKS], struct preview *out)
{
    static const char *const words[RANKS] = { "with failures", "running", "waiting", "done" };
    struct buf text = { 0 };

    buf_addf(&text, "... of %zu servers:", watch->count);
    for (int rank = 0, said = 0; rank < RANKS; rank++) {
        if (ranks[rank])
            buf_addf(&text, "%s %zu %s", said++ ? "," : "", ranks[rank], words[rank]);
    }
    preview_add(out, LOOK_DIM, "%s", buf_at(&text));
    buf_done(&text);
}

void apply_watch_preview(const struct apply_watch *watch, struct watch_room room, bool stopping, int64_t now_ms, struct preview *out)
{
    size_t done = apply_watch_answered(watch), shown = 0, ranks[RANKS] = { 0 };
    size_t most = watch->count <= room.servers ? watch->count : room.servers > 0 ? room.servers - 1 : 0;
    char bar[32], rate[64];

    apply_watch_rate(watch, now_ms, rate, sizeof rate);
    preview_add(out, LOOK_TITLE, "%s [%s] %zu/%zu%s%s", stopping ? "Stopping" : "Applying",
                preview_bar((double)done * 100 / (double)MAX(watch->total, 1), room.w < 70 ? 10 : 20, bar, sizeof bar), done, watch->total,
                rate[0] ? ", " : "", rate);
    for (int rank = 0; rank < RANKS; rank++) {
        for (size_t i = 0; i < watch->count; i++) {
            if (rank_of(&watch->rows[i]) != (enum rank)rank)
                continue;
            ranks[rank]++;
            if (shown < most) {
                add_server(&watch->rows[i], (enum rank)rank, room.w, out);
                shown++;
            }
        }
    }
    if (room.servers > 0 && shown < watch->count)
        add_rest(watch, ranks, out);
}

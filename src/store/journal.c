/* journal.c - the pending plan and the journal of changes. Steps are rows that people may read with sqlite3: states, objects
 * and properties are words there, keys are text, values have SQLite's own types. */
#include "ipamtui/journal.h"

#include <stdio.h>
#include <string.h>

#include "store_int.h"

/* ------------------------------------------------------------------ words */
static const char *const state_words[CHANGE_STATES] = { "planned", "open", "done", "failed", "skipped", "conflict",
                                                        "unknown" };
static const char *const op_words[] = { "set", "add", "remove" };
static const char *const phase_words[] = { "pending", "running", "ended" };

const char *change_state_name(enum change_state state)
{
    return state_words[state];
}

const char *change_op_name(enum change_op op)
{
    return op_words[op];
}

static int word_place(const char *const *words, size_t count, const char *word)
{
    for (size_t i = 0; word != NULL && i < count; i++)
        if (strcmp(words[i], word) == 0)
            return (int)i;
    return -1;
}

bool change_state_parse(const char *name, enum change_state *out)
{
    int place = word_place(state_words, COUNT(state_words), name);

    if (place >= 0)
        *out = (enum change_state)place;
    return place >= 0;
}

/* ------------------------------------------------------------------ keys as text */
size_t journal_key_places(const struct object_type *object, int *places, size_t room)
{
    size_t count = 0;

    for (size_t i = 0; i < object->property_count && count < room; i++)
        if (object->properties[i].flags & PROP_KEY)
            places[count++] = (int)i;
    return count;
}

enum { KEY_ROOM = 8 };

char *journal_key_text(const struct object_type *object, const struct value *key, struct arena *arena)
{
    int places[KEY_ROOM];
    size_t count = journal_key_places(object, places, KEY_ROOM);
    struct buf out = { 0 }, part = { 0 };
    char *text;

    for (size_t i = 0; i < count; i++) {
        buf_clear(&part);
        kind_write(object->properties[places[i]].kind, key[i], &part);
        if (i > 0)
            buf_addc(&out, ' ');
        for (const char *at = buf_at(&part); *at != '\0'; at++) {
            if (*at == ' ' || *at == '\\')
                buf_addc(&out, '\\');
            buf_addc(&out, *at);
        }
    }
    text = arena_strdup(arena, buf_at(&out));
    buf_done(&out);
    buf_done(&part);
    return text;
}

/* One word of a key without its backslashes; *at moves past it and the blank behind it. */
static char *next_word(const char **at, struct arena *arena)
{
    char *word = arena_alloc(arena, strlen(*at) + 1), *to = word;

    for (; **at != '\0' && **at != ' '; (*at)++) {
        if (**at == '\\' && (*at)[1] != '\0')
            (*at)++;
        *to++ = **at;
    }
    if (**at == ' ')
        (*at)++;
    return word;
}

bool journal_key_parse(const struct object_type *object, const char *text, struct arena *arena, struct value *key,
                       struct err *err)
{
    int places[KEY_ROOM];
    size_t count = journal_key_places(object, places, KEY_ROOM);
    const char *at = text;

    for (size_t i = 0; i < count; i++) {
        const struct property *p = &object->properties[places[i]];
        char *word = next_word(&at, arena);

        if (word[0] == '\0')
            return err_set(err, ERR_INPUT, p->name, "\"%s\" is no key of %s: %s is missing", text, object->name, p->name);
        if (p->kind == KIND_TEXT)
            key[i] = V_TEXT(word);
        else if (!property_parse(p, word, arena, &key[i], err))
            return false;
    }
    if (*at != '\0')
        return err_set(err, ERR_INPUT, object->noun, "\"%s\" is no key of %s: too many words", text, object->name);
    return true;
}

char *journal_own_key(const struct object_type *object, const struct value *key, char *out, size_t size)
{
    const struct object_type *parent = catalog_parent(object);
    int places[KEY_ROOM];
    size_t above = parent ? journal_key_places(parent, places, KEY_ROOM) : 0, count = journal_key_places(object, places, KEY_ROOM);
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = above; i < count && used < size; i++) {
        char text[128];

        used += (size_t)snprintf(out + used, size - used, "%s%s", i > above ? "-" : "",
                                 property_show(&object->properties[places[i]], key[i], text, sizeof(text)));
    }
    return out;
}

/* ------------------------------------------------------------------ transactions */
/* Joins the caller's transaction, if there is one. */
static bool begin_own(struct store *store, bool *own, struct err *err)
{
    *own = sqlite3_get_autocommit(store->db) != 0;
    return !*own || store_begin(store, err);
}

static bool end_own(struct store *store, bool own, bool ok, struct err *err)
{
    if (!own)
        return ok;
    if (ok && store_commit_durable(store, err))
        return true;
    store_rollback(store);
    return false;
}

static bool run_for_change(struct store *store, const char *sql, change_id change, const char *doing, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, sql, err);

    if (stmt == NULL)
        return false;
    sqlite3_bind_int64(stmt, 1, change);
    return store_run(store, stmt, doing, err);
}

/* ------------------------------------------------------------------ writing steps */
static void add_shown(struct buf *out, const struct property *p, struct value v)
{
    char text[300];

    if (v.type == VALUE_NULL)
        buf_adds(out, "?");
    else if (v.type == VALUE_TEXT && v.s[0] == '\0')
        buf_adds(out, "(empty)");
    else
        buf_adds(out, property_show(p, v, text, sizeof(text)));
}

/* "lease_duration 8h -> 4d", "add exclusion 10.1.2.10-10.1.2.20": what lists say of a step beside its key. */
static const char *step_words(const struct change_step *step, struct arena *arena)
{
    struct buf out = { 0 };
    const char *words;

    if (step->op == OP_SET) {
        const struct property *p = &step->object->properties[step->property];

        buf_addf(&out, "%s ", p->name);
        add_shown(&out, p, step->before);
        buf_adds(&out, " -> ");
        add_shown(&out, p, step->after);
    } else {
        char own[300];

        buf_addf(&out, "%s %s %s", op_words[step->op], step->object->noun, journal_own_key(step->object, step->key, own, sizeof(own)));
    }
    words = arena_strdup(arena, buf_at(&out));
    buf_done(&out);
    return words;
}

static void bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
    if (text != NULL && text[0] != '\0')
        sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(stmt, at);
}

static void bind_time(sqlite3_stmt *stmt, int at, int64_t when_s)
{
    if (when_s != 0)
        sqlite3_bind_int64(stmt, at, when_s);
    else
        sqlite3_bind_null(stmt, at);
}

static bool insert_step(struct store *store, change_id change, const struct change_step *step, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store,
                                       "INSERT INTO change_step(change, no, server, server_name, object, key, title, op,"
                                       " property, before, after, call, rests_on, state, found, text, error_id, hint,"
                                       " what) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                       err);
    struct arena arena = { 0 };
    bool ok;

    if (stmt == NULL)
        return false;
    sqlite3_bind_int64(stmt, 1, change);
    sqlite3_bind_int(stmt, 2, step->no);
    sqlite3_bind_int64(stmt, 3, step->server);
    sqlite3_bind_text(stmt, 4, step->server_name, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 5, step->object->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 6, journal_key_text(step->object, step->key, &arena), -1, SQLITE_STATIC);
    bind_text(stmt, 7, step->title);
    sqlite3_bind_text(stmt, 8, op_words[step->op], -1, SQLITE_STATIC);
    bind_text(stmt, 9, step->op == OP_SET ? step->object->properties[step->property].name : NULL);
    store_bind(stmt, 10, step->before);
    store_bind(stmt, 11, step->after);
    sqlite3_bind_int(stmt, 12, step->call);
    bind_time(stmt, 13, step->rests_on);
    sqlite3_bind_text(stmt, 14, state_words[step->state], -1, SQLITE_STATIC);
    store_bind(stmt, 15, step->found);
    bind_text(stmt, 16, step->text);
    bind_text(stmt, 17, step->error_id);
    bind_text(stmt, 18, step->hint);
    bind_text(stmt, 19, step_words(step, &arena));
    ok = store_run(store, stmt, "keeping the plan", err);
    arena_done(&arena);
    return ok;
}

static bool insert_steps(struct store *store, change_id change, const struct change_step *steps, size_t count,
                         struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!insert_step(store, change, &steps[i], err))
            return false;
    return true;
}

static bool write_step(struct store *store, change_id change, const struct change_step *step, const char *session,
                       struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store,
                                       "UPDATE change_step SET state = ?, before = ?, found = ?, text = ?, error_id = ?,"
                                       " hint = ?, opened_at = ?, settled_at = ?, session = coalesce(?, session),"
                                       " what = coalesce(?, what) WHERE change = ? AND no = ?",
                                       err);
    struct arena arena = { 0 };
    bool ok;

    if (stmt == NULL)
        return false;
    sqlite3_bind_text(stmt, 1, state_words[step->state], -1, SQLITE_STATIC);
    store_bind(stmt, 2, step->before);
    store_bind(stmt, 3, step->found);
    bind_text(stmt, 4, step->text);
    bind_text(stmt, 5, step->error_id);
    bind_text(stmt, 6, step->hint);
    bind_time(stmt, 7, step->opened_at);
    bind_time(stmt, 8, step->settled_at);
    bind_text(stmt, 9, session);
    bind_text(stmt, 10, step->learnt ? step_words(step, &arena) : NULL); /* else as they were planned */
    sqlite3_bind_int64(stmt, 11, change);
    sqlite3_bind_int(stmt, 12, step->no);
    ok = store_run(store, stmt, "writing the journal", err);
    arena_done(&arena);
    return ok;
}

/* Opened before anything was read: nothing but that is new. */
static bool is_just_open(const struct change_step *step)
{
    return step->state == CHANGE_OPEN && step->found.type == VALUE_NULL && step->settled_at == 0 &&
           (step->text == NULL || step->text[0] == '\0') && (step->hint == NULL || step->hint[0] == '\0');
}

/* How many steps from the first on are just open, one after the other, since the same second. */
static size_t open_run(const struct change_step *const *steps, size_t count)
{
    size_t n = 0;

    while (n < count && is_just_open(steps[n]) && steps[n]->no == steps[0]->no + (int)n &&
           steps[n]->opened_at == steps[0]->opened_at)
        n++;
    return n;
}

/* A server's whole window in one statement: it is what an apply begins with, for all servers at once. */
static bool open_steps(struct store *store, change_id change, const struct change_step *first, size_t count, const char *session,
                       struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store,
                                       "UPDATE change_step SET state = ?, found = NULL, text = NULL, error_id = NULL,"
                                       " hint = NULL, opened_at = ?, settled_at = NULL, session = coalesce(?, session)"
                                       " WHERE change = ? AND no BETWEEN ? AND ?",
                                       err);

    if (stmt == NULL)
        return false;
    sqlite3_bind_text(stmt, 1, state_words[CHANGE_OPEN], -1, SQLITE_STATIC);
    bind_time(stmt, 2, first->opened_at);
    bind_text(stmt, 3, session);
    sqlite3_bind_int64(stmt, 4, change);
    sqlite3_bind_int(stmt, 5, first->no);
    sqlite3_bind_int(stmt, 6, first->no + (int)count - 1);
    return store_run(store, stmt, "writing the journal", err);
}

bool journal_write(struct store *store, change_id change, const struct change_step *const *steps, size_t count,
                   const char *session, struct err *err)
{
    bool own, ok;

    if (!begin_own(store, &own, err))
        return false;
    ok = true;
    for (size_t i = 0, run; ok && i < count; i += MAX(run, 1)) {
        run = open_run(steps + i, count - i);
        ok = run > 0 ? open_steps(store, change, steps[i], run, session, err) : write_step(store, change, steps[i], session, err);
    }
    return end_own(store, own, ok, err);
}

/* ------------------------------------------------------------------ writing changes */
bool journal_pending(struct store *store, change_id *out, struct err *err)
{
    return store_integer(store, "SELECT id FROM change WHERE phase = 'pending'", 0, out, err);
}

static void bind_owner(sqlite3_stmt *stmt, int at, const struct journal_owner *owner)
{
    bind_text(stmt, at, owner->host);
    bind_text(stmt, at + 1, owner->boot);
    bind_text(stmt, at + 2, owner->space);
    bind_time(stmt, at + 3, owner->pid);
    bind_time(stmt, at + 4, owner->start);
}

static bool insert_change(struct store *store, const struct change_info *info, change_id *out, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store,
                                       "INSERT INTO change(phase, what, who, origin, tool, made_at, begun_at, of, relation,"
                                       " owner_host, owner_boot, owner_space, owner_pid, owner_start)"
                                       " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                       err);

    if (stmt == NULL)
        return false;
    sqlite3_bind_text(stmt, 1, phase_words[info->phase], -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, info->what, -1, SQLITE_STATIC);
    bind_text(stmt, 3, info->who);
    bind_text(stmt, 4, info->from);
    bind_text(stmt, 5, info->tool);
    sqlite3_bind_int64(stmt, 6, info->made_at);
    bind_time(stmt, 7, info->begun_at);
    bind_time(stmt, 8, info->of);
    bind_text(stmt, 9, info->relation);
    bind_owner(stmt, 10, &info->owner);
    if (!store_run(store, stmt, "keeping the plan", err))
        return false;
    *out = sqlite3_last_insert_rowid(store->db);
    return true;
}

bool journal_make(struct store *store, const struct change_info *info, const struct change_step *steps, size_t count,
                  change_id *out, struct err *err)
{
    change_id id = 0, pending = 0;
    bool own, ok;

    if (!begin_own(store, &own, err))
        return false;
    ok = journal_pending(store, &pending, err);
    if (ok && info->phase == PHASE_PENDING && pending != 0)
        ok = err_set(err, ERR_CONFLICT, "plan", "another process has made a pending plan meanwhile: look at it first");
    ok = ok && insert_change(store, info, &id, err) && insert_steps(store, id, steps, count, err);
    if (!end_own(store, own, ok, err))
        return false;
    *out = id;
    return true;
}

static bool is_revision(struct store *store, change_id change, int64_t revision, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, "SELECT revision FROM change WHERE id = ? AND phase = 'pending'", err);
    int64_t now = -1;

    if (stmt == NULL)
        return false;
    sqlite3_bind_int64(stmt, 1, change);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        now = sqlite3_column_int64(stmt, 0);
    store_release(store, stmt);
    if (now < 0)
        return err_set(err, ERR_CONFLICT, "plan", "the plan was applied or dropped by another process meanwhile");
    if (now != revision)
        return err_set(err, ERR_CONFLICT, "plan", "the plan was changed by another process meanwhile: look at it again");
    return true;
}

bool journal_replan(struct store *store, change_id change, const char *what, const struct change_step *steps, size_t count,
                    int64_t *revision, struct err *err)
{
    sqlite3_stmt *stmt;
    bool own, ok;

    if (!begin_own(store, &own, err))
        return false;
    ok = is_revision(store, change, *revision, err) &&
         (stmt = store_prepare(store, "UPDATE change SET what = ?, revision = revision + 1 WHERE id = ?", err)) != NULL;
    if (ok) {
        sqlite3_bind_text(stmt, 1, what, -1, SQLITE_STATIC);
        sqlite3_bind_int64(stmt, 2, change);
        ok = store_run(store, stmt, "keeping the plan", err) &&
             run_for_change(store, "DELETE FROM change_step WHERE change = ?", change, "keeping the plan", err) &&
             insert_steps(store, change, steps, count, err);
    }
    if (!end_own(store, own, ok, err))
        return false;
    (*revision)++;
    return true;
}

/* Did the statement that just ran hit its row? */
static bool hit(struct store *store, struct err *err, const char *otherwise)
{
    return sqlite3_changes(store->db) > 0 || err_set(err, ERR_CONFLICT, "plan", "%s", otherwise);
}

bool journal_drop(struct store *store, change_id change, struct err *err)
{
    bool own, ok;

    if (!begin_own(store, &own, err))
        return false;
    ok = run_for_change(store, "DELETE FROM change WHERE id = ? AND phase = 'pending'", change, "dropping the plan", err) &&
         hit(store, err, "the plan was applied or dropped by another process meanwhile");
    return end_own(store, own, ok, err);
}

bool journal_begin(struct store *store, change_id change, const struct journal_owner *owner, int64_t now_s, struct err *err)
{
    sqlite3_stmt *stmt;
    bool own, ok;

    if (!begin_own(store, &own, err))
        return false;
    stmt = store_prepare(store,
                         "UPDATE change SET phase = 'running', begun_at = ?, who = ?, origin = ?, owner_host = ?,"
                         " owner_boot = ?, owner_space = ?, owner_pid = ?, owner_start = ?"
                         " WHERE id = ? AND phase = 'pending'",
                         err);
    ok = stmt != NULL;
    if (ok) {
        sqlite3_bind_int64(stmt, 1, now_s);
        bind_text(stmt, 2, owner->who);
        bind_text(stmt, 3, owner->from);
        bind_owner(stmt, 4, owner);
        sqlite3_bind_int64(stmt, 9, change);
        ok = store_run(store, stmt, "beginning the change", err) &&
             hit(store, err, "the plan was applied or dropped by another process meanwhile");
    }
    return end_own(store, own, ok, err);
}

bool journal_end(struct store *store, change_id change, int64_t now_s, struct err *err)
{
    sqlite3_stmt *stmt;
    bool own, ok;

    if (!begin_own(store, &own, err))
        return false;
    stmt = store_prepare(store, "UPDATE change SET phase = 'ended', ended_at = ? WHERE id = ?", err);
    ok = stmt != NULL;
    if (ok) {
        sqlite3_bind_int64(stmt, 1, now_s);
        sqlite3_bind_int64(stmt, 2, change);
        ok = store_run(store, stmt, "ending the change", err);
    }
    return end_own(store, own, ok, err);
}

bool journal_forget(struct store *store, int64_t before_s, int64_t *count, struct err *err)
{
    sqlite3_stmt *stmt;
    bool own, ok;

    if (!begin_own(store, &own, err))
        return false;
    stmt = store_prepare(store,
                         "DELETE FROM change WHERE phase = 'ended' AND ended_at < ?1 AND NOT EXISTS (SELECT 1 FROM change_step"
                         " WHERE change = change.id AND state IN ('planned', 'open', 'unknown'))",
                         err);
    ok = stmt != NULL;
    if (ok) {
        sqlite3_bind_int64(stmt, 1, before_s);
        ok = store_run(store, stmt, "forgetting old changes", err);
        *count = ok ? sqlite3_changes(store->db) : 0;
    }
    return end_own(store, own, ok, err);
}

bool journal_claim(struct store *store, change_id change, const struct journal_owner *me, struct err *err)
{
    struct arena arena = { 0 };
    struct change_info info;
    sqlite3_stmt *stmt;
    bool own, ok;

    if (!begin_own(store, &own, err))
        return false;
    ok = journal_info(store, change, &arena, &info, err);
    if (ok && (info.phase != PHASE_RUNNING || journal_owner_life(&info.owner) != OWNER_DEAD))
        ok = err_set(err, ERR_CONFLICT, "change", "change %lld is at work in another process", (long long)change);
    if (ok) {
        stmt = store_prepare(store,
                             "UPDATE change SET owner_host = ?, owner_boot = ?, owner_space = ?, owner_pid = ?,"
                             " owner_start = ? WHERE id = ?",
                             err);
        ok = stmt != NULL;
        if (ok) {
            bind_owner(stmt, 1, me);
            sqlite3_bind_int64(stmt, 6, change);
            ok = store_run(store, stmt, "taking over the change", err);
        }
    }
    arena_done(&arena);
    return end_own(store, own, ok, err);
}

/* ------------------------------------------------------------------ reading */
#define INFO_SQL                                                                                                     \
    "SELECT c.id, c.phase, c.what, c.who, c.origin, c.tool, c.made_at, c.begun_at, c.ended_at, c.of, c.relation,"    \
    " c.owner_host, c.owner_boot, c.owner_space, c.owner_pid, c.owner_start, c.revision"                            \
    " FROM change c "

static const char *text_of(sqlite3_stmt *stmt, int at, struct arena *arena)
{
    const char *text = (const char *)sqlite3_column_text(stmt, at);

    return text != NULL ? arena_strdup(arena, text) : "";
}

static void copy_to(char *out, size_t size, sqlite3_stmt *stmt, int at)
{
    const char *text = (const char *)sqlite3_column_text(stmt, at);

    snprintf(out, size, "%s", text != NULL ? text : "");
}

static void read_info(sqlite3_stmt *stmt, struct arena *arena, struct change_info *out)
{
    int phase = word_place(phase_words, COUNT(phase_words), (const char *)sqlite3_column_text(stmt, 1));

    *out = (struct change_info){ .id = sqlite3_column_int64(stmt, 0) };
    out->phase = phase >= 0 ? (enum change_phase)phase : PHASE_ENDED;
    out->what = text_of(stmt, 2, arena);
    out->who = text_of(stmt, 3, arena);
    out->from = text_of(stmt, 4, arena);
    out->tool = text_of(stmt, 5, arena);
    out->made_at = sqlite3_column_int64(stmt, 6);
    out->begun_at = sqlite3_column_int64(stmt, 7);
    out->ended_at = sqlite3_column_int64(stmt, 8);
    out->of = sqlite3_column_int64(stmt, 9);
    out->relation = text_of(stmt, 10, arena);
    copy_to(out->owner.host, sizeof(out->owner.host), stmt, 11);
    copy_to(out->owner.boot, sizeof(out->owner.boot), stmt, 12);
    copy_to(out->owner.space, sizeof(out->owner.space), stmt, 13);
    out->owner.pid = sqlite3_column_int64(stmt, 14);
    out->owner.start = sqlite3_column_int64(stmt, 15);
    out->revision = sqlite3_column_int64(stmt, 16);
}

static bool read_counts(struct store *store, struct change_info *info, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, "SELECT state, count(*) FROM change_step WHERE change = ? GROUP BY state", err);
    enum change_state state;

    if (stmt == NULL)
        return false;
    sqlite3_bind_int64(stmt, 1, info->id);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        if (change_state_parse((const char *)sqlite3_column_text(stmt, 0), &state)) {
            info->counts[state] = sqlite3_column_int64(stmt, 1);
            info->steps += info->counts[state];
        }
    store_release(store, stmt);
    stmt = store_prepare(store, "SELECT count(DISTINCT server), count(DISTINCT server || ' ' || key) FROM change_step WHERE change = ?",
                         err);
    if (stmt == NULL)
        return false;
    sqlite3_bind_int64(stmt, 1, info->id);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        info->servers = sqlite3_column_int64(stmt, 0);
        info->targets = sqlite3_column_int64(stmt, 1);
    }
    store_release(store, stmt);
    return true;
}

bool journal_info(struct store *store, change_id change, struct arena *arena, struct change_info *out, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, INFO_SQL "WHERE c.id = ?", err);
    struct change_info info = { 0 };

    if (stmt == NULL)
        return false;
    sqlite3_bind_int64(stmt, 1, change);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        read_info(stmt, arena, &info);
    store_release(store, stmt);
    if (info.id == 0)
        return err_set(err, ERR_NOT_FOUND, "change", "there is no change %lld; `ipamtui change list` names them",
                       (long long)change);
    if (!read_counts(store, &info, err))
        return false;
    *out = info;
    return true;
}

bool journal_list(struct store *store, journal_info_fn *fn, void *ctx, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, INFO_SQL "ORDER BY c.id DESC", err);
    struct arena arena = { 0 };
    bool ok = stmt != NULL;
    int result;

    while (ok && (result = sqlite3_step(stmt)) != SQLITE_DONE) {
        struct change_info info;

        arena_reset(&arena);
        ok = result == SQLITE_ROW || store_fail(store, "listing the changes", err);
        if (!ok)
            break;
        read_info(stmt, &arena, &info);
        ok = read_counts(store, &info, err);
        if (!ok || !fn(ctx, &info))
            break;
    }
    if (stmt != NULL)
        store_release(store, stmt);
    arena_done(&arena);
    return ok;
}

static struct value copy_column(sqlite3_stmt *stmt, int at, struct arena *arena)
{
    struct value v = store_column(stmt, at);

    if (v.type == VALUE_TEXT)
        v.s = arena_strdup(arena, v.s);
    return v;
}

static bool read_step(sqlite3_stmt *stmt, struct arena *arena, struct change_step *out, struct err *err)
{
    const char *object = (const char *)sqlite3_column_text(stmt, 3), *property = (const char *)sqlite3_column_text(stmt, 7);
    int op = word_place(op_words, COUNT(op_words), (const char *)sqlite3_column_text(stmt, 6));
    struct value *key = arena_alloc(arena, KEY_ROOM * sizeof(*key));
    const char *key_text = text_of(stmt, 4, arena);

    *out = (struct change_step){ .no = sqlite3_column_int(stmt, 0), .server = sqlite3_column_int64(stmt, 1), .property = -1 };
    out->object = object != NULL ? catalog_find(object) : NULL;
    if (out->object == NULL || op < 0)
        return err_set(err, ERR_INPUT, "journal", "step %d is about \"%s\", which this program does not know: a newer one does",
                       out->no, object != NULL ? object : "");
    out->op = (enum change_op)op;
    if (out->op == OP_SET && property != NULL)
        out->property = catalog_property(out->object, property);
    if (out->op == OP_SET && out->property < 0)
        return err_set(err, ERR_INPUT, "journal", "step %d is about the property \"%s\", which this program does not know",
                       out->no, property != NULL ? property : "");
    if (!journal_key_parse(out->object, key_text, arena, key, err))
        return false;
    out->key = key;
    out->server_name = text_of(stmt, 2, arena);
    out->title = text_of(stmt, 5, arena);
    out->before = copy_column(stmt, 8, arena);
    out->after = copy_column(stmt, 9, arena);
    out->call = sqlite3_column_int(stmt, 10);
    out->rests_on = sqlite3_column_int(stmt, 11);
    if (!change_state_parse((const char *)sqlite3_column_text(stmt, 12), &out->state))
        return err_set(err, ERR_INPUT, "journal", "step %d has a state that this program does not know", out->no);
    out->found = copy_column(stmt, 13, arena);
    out->text = text_of(stmt, 14, arena);
    out->error_id = text_of(stmt, 15, arena);
    out->hint = text_of(stmt, 16, arena);
    out->opened_at = sqlite3_column_int64(stmt, 17);
    out->settled_at = sqlite3_column_int64(stmt, 18);
    return true;
}

static bool count_steps(struct store *store, change_id change, size_t *out, struct err *err)
{
    sqlite3_stmt *stmt = store_prepare(store, "SELECT count(*) FROM change_step WHERE change = ?", err);

    if (stmt == NULL)
        return false;
    sqlite3_bind_int64(stmt, 1, change);
    *out = sqlite3_step(stmt) == SQLITE_ROW ? (size_t)sqlite3_column_int64(stmt, 0) : 0;
    store_release(store, stmt);
    return true;
}

bool journal_steps(struct store *store, change_id change, struct arena *arena, struct change_step **out, size_t *count,
                   const char ***session_of, struct err *err)
{
    struct change_step *steps;
    const char **sessions;
    sqlite3_stmt *stmt;
    size_t room, n = 0;
    bool ok = true;

    if (!count_steps(store, change, &room, err))
        return false;
    stmt = store_prepare(store,
                         "SELECT no, server, server_name, object, key, title, op, property, before, after, call, rests_on,"
                         " state, found, text, error_id, hint, opened_at, settled_at, session"
                         " FROM change_step WHERE change = ? ORDER BY call, no",
                         err);
    if (stmt == NULL)
        return false;
    steps = arena_alloc(arena, MAX(room, 1) * sizeof(*steps));
    sessions = arena_alloc(arena, MAX(room, 1) * sizeof(*sessions));
    sqlite3_bind_int64(stmt, 1, change);
    for (; ok && n < room && sqlite3_step(stmt) == SQLITE_ROW; n++) {
        ok = read_step(stmt, arena, &steps[n], err);
        sessions[n] = text_of(stmt, 19, arena);
    }
    store_release(store, stmt);
    if (!ok)
        return false;
    *out = steps;
    *count = n;
    if (session_of != NULL)
        *session_of = sessions;
    return true;
}

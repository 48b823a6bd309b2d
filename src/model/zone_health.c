/* zone_health.c - is a zone well on one server: the worst thing that is known decides, and is named. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ipamtui/zone.h"

static bool is(const char *text, const char *word)
{
    return text && strcmp(text, word) == 0;
}

bool zone_authoritative(const char *type)
{
    return is(type, "primary") || is(type, "secondary");
}

static enum health say(enum health health, char *cause, size_t size, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(cause, size, fmt, args);
    va_end(args);
    return health;
}

/* The service it needs. */
static enum health of_service(const struct zone_facts *f, char *cause, size_t size)
{
    static const struct {
        const char *word;
        enum health health;
    } rows[] = {
        { "stopped", HEALTH_ERROR },  { "paused", HEALTH_ERROR },     { "absent", HEALTH_ERROR },    { "stopping", HEALTH_ERROR },
        { "pausing", HEALTH_ERROR },  { "starting", HEALTH_WARNING }, { "resuming", HEALTH_WARNING },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (is(f->service, rows[i].word))
            return say(rows[i].health, cause, size, "DNS service %s", f->service);
    return HEALTH_OK;
}

/* What the server says of the zone itself. */
static enum health of_properties(const struct zone_facts *f, char *cause, size_t size)
{
    if (f->shutdown && is(f->type, "secondary"))
        return say(HEALTH_ERROR, cause, size, "expired: its masters could not be reached in time");
    if (f->shutdown)
        return say(HEALTH_ERROR, cause, size, "shut down: not loaded");
    if (f->paused)
        return say(HEALTH_ERROR, cause, size, "paused");
    return HEALTH_OK;
}

static bool plain_ascii(const char *name)
{
    for (const char *at = name; *at; at++)
        if ((unsigned char)*at >= 0x7f || *at <= ' ' || *at == '\\')
            return false;
    return true;
}

/* How it answered when it was asked for its SOA. */
static enum health of_answer(const struct zone_facts *f, char *cause, size_t size)
{
    static const struct {
        const char *id;
        enum health health;
        const char *text;
    } rows[] = {
        { "DNS_ERROR_RCODE_SERVER_FAILURE", HEALTH_ERROR, "does not answer for its SOA: server failure (not loaded?)" },
        { "DNS_ERROR_RCODE_REFUSED", HEALTH_WARNING, "refuses to answer for its SOA" },
        { "DNS_ERROR_RCODE_NAME_ERROR", HEALTH_ERROR, "does not know its own name" },
        { "ERROR_TIMEOUT", HEALTH_ERROR, "no answer when asked for its SOA" },
    };

    if (!f->soa_error)
        return HEALTH_OK;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (is(f->soa_error, rows[i].id))
            return say(rows[i].health, cause, size, "%s", rows[i].text);
    return say(HEALTH_ERROR, cause, size, "no SOA: %s", f->soa_error);
}

/* Names that cannot be asked for without being rewritten on the way come back as unknown names. */
static bool could_not_be_asked(const struct zone_facts *f)
{
    return is(f->soa_error, "DNS_ERROR_RCODE_NAME_ERROR") && f->name && !plain_ascii(f->name);
}

static enum health of_transfer(const struct zone_facts *f, char *cause, size_t size)
{
    static const struct {
        int64_t code;
        const char *text;
    } codes[] = { { 1460, "timed out" }, { 9005, "refused by the master" }, { 9002, "master: server failure" }, { 9560, "timed out" } };

    if (f->lag > 0)
        return say(HEALTH_WARNING, cause, size, "%" PRId64 " behind its primary", f->lag);
    if (f->transfer_result <= 0)
        return HEALTH_OK;
    for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
        if (codes[i].code == f->transfer_result)
            return say(HEALTH_WARNING, cause, size, "last transfer failed: %s", codes[i].text);
    return say(HEALTH_WARNING, cause, size, "last transfer failed: Windows error %" PRId64, f->transfer_result);
}

static enum health of_event(const struct zone_facts *f, char *cause, size_t size)
{
    const struct zone_event *event = zone_event_find(f->event);

    if (f->event == 0 || !f->event_grade || is(f->event_grade, "good"))
        return HEALTH_OK;
    return say(HEALTH_WARNING, cause, size, "event %" PRId64 "%s%s", f->event, event ? ": " : "", event ? event->text : "");
}

/* Nothing bad is known: was it asked, and did it answer? */
static enum health of_silence(const struct zone_facts *f, char *cause, size_t size)
{
    if (!zone_authoritative(f->type) || f->has_serial)
        return HEALTH_OK;
    if (f->soa_error)
        return say(HEALTH_OK, cause, size, "its SOA cannot be asked for by this name");
    if (f->soa_result && !is(f->soa_result, "done"))
        return say(HEALTH_OK, cause, size, "not asked for its SOA: %s", f->soa_result);
    return say(HEALTH_UNKNOWN, cause, size, f->soa_result ? "did not say its SOA" : "not asked yet");
}

enum health zone_health(const struct zone_facts *f, char *cause, size_t size)
{
    enum health health = HEALTH_OK;

    cause[0] = '\0';
    if (is(f->reachable, "no"))
        return say(HEALTH_UNKNOWN, cause, size, "server cannot be reached");
    if (!is(f->service, "running") && f->service)
        health = of_service(f, cause, size);
    if (health == HEALTH_OK)
        health = of_properties(f, cause, size);
    if (health == HEALTH_OK && zone_authoritative(f->type) && !could_not_be_asked(f))
        health = of_answer(f, cause, size);
    if (health == HEALTH_OK && !is(f->type, "primary") && !is(f->type, "forwarder"))
        health = of_transfer(f, cause, size);
    if (health == HEALTH_OK && is(f->type, "forwarder") && !f->has_masters)
        return say(HEALTH_WARNING, cause, size, "forwards to nobody");
    if (health == HEALTH_OK)
        health = of_event(f, cause, size);
    return health == HEALTH_OK ? of_silence(f, cause, size) : health;
}

/* What the records of a pipeline say (psrp.md 5.6, 5.7, 6.3). Properties are found by name: their order differs by version. */
#include <string.h>

#include "client.h"

#define VOID_CALL (-100) /* a host call that waits for no answer */
#define MOST_WAITING 16  /* answers that the host has not taken; one that asks on gets no more */

static const char *text_of(const struct ps_value *value, const char *name, struct arena *arena)
{
    const char *text = ps_text(ps_get(value, name), arena);
    return text ? text : "";
}

/* The first of these that says something. */
static const char *first_text(const struct ps_value *value, const char *const *names, size_t count, struct arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        const char *text = text_of(value, names[i], arena);
        if (*text)
            return text;
    }
    const char *text = ps_text(value, arena);
    return text ? text : "";
}

/* A CIM object as the target says only its class; the category's name then has the key. */
static const char *target_of(const struct ps_value *record, struct arena *arena)
{
    const struct ps_value *object = ps_get(record, "TargetObject");
    const char *name = text_of(record, "ErrorCategory_TargetName", arena);
    bool plain = object && object->type != PS_NULL && !object->object;

    return plain || !*name ? text_of(record, "TargetObject", arena) : name;
}

void record_error(const struct ps_value *record, struct arena *arena, struct ps_error *out)
{
    static const char *const messages[] = { "ErrorDetails_Message", "Exception.Message" };
    int64_t category;

    *out = (struct ps_error){ .message = first_text(record, messages, COUNT(messages), arena),
                              .id = text_of(record, "FullyQualifiedErrorId", arena),
                              .reason = text_of(record, "ErrorCategory_Reason", arena),
                              .target = target_of(record, arena),
                              .activity = text_of(record, "ErrorCategory_Activity", arena) };
    if (ps_int(ps_get(record, "ErrorCategory_Category"), &category) && category >= 0 && category < 1000)
        out->category = (int)category;
}

const char *record_text(const struct ps_value *record, struct arena *arena)
{
    static const char *const names[] = { "InformationalRecord_Message" };
    return first_text(record, names, COUNT(names), arena);
}

/* Write-Host sends an object with its text in Message; others any value. */
const char *record_information(const struct ps_value *record, struct arena *arena)
{
    static const char *const names[] = { "MessageData.Message", "MessageData" };
    return first_text(record, names, COUNT(names), arena);
}

void record_progress(const struct ps_value *record, struct arena *arena, struct ps_progress *out)
{
    int64_t percent;

    *out = (struct ps_progress){ .activity = text_of(record, "Activity", arena),
                                 .status = text_of(record, "StatusDescription", arena),
                                 .operation = text_of(record, "CurrentOperation", arena), .percent = -1 };
    if (ps_int(ps_get(record, "PercentComplete"), &percent) && percent >= 0 && percent <= 100)
        out->percent = (int)percent;
}

bool record_host_call(struct psrp *psrp, struct channel *channel, uint32_t response_type, const struct ps_value *call)
{
    struct buf body = { 0 };
    int waiting = 0;
    int64_t id;

    if (!ps_int(ps_get(call, "ci"), &id) || id == VOID_CALL)
        return false;
    for (const struct outgoing *out = channel->first; out; out = out->next)
        waiting++;
    if (waiting >= MOST_WAITING)
        return true;
    request_refuse_host_call(&body, id, ps_get(call, "mi"));
    channel_push(psrp, channel, response_type, buf_at(&body), body.len, true);
    buf_done(&body);
    return true;
}

static const char *const categories[] = {
    "NotSpecified", "OpenError", "CloseError", "DeviceError", "DeadlockDetected", "InvalidArgument", "InvalidData",
    "InvalidOperation", "InvalidResult", "InvalidType", "MetadataError", "NotImplemented", "NotInstalled",
    "ObjectNotFound", "OperationStopped", "OperationTimeout", "SyntaxError", "ParserError", "PermissionDenied",
    "ResourceBusy", "ResourceExists", "ResourceUnavailable", "ReadError", "WriteError", "FromStdErr", "SecurityError",
    "ProtocolError", "ConnectionError", "AuthenticationError", "LimitsExceeded", "QuotaExceeded", "NotEnabled",
};

const char *ps_category_name(int category)
{
    return category >= 0 && category < (int)COUNT(categories) ? categories[category] : categories[0];
}

#include <stdio.h>
#include <string.h>

#include "ipamtui/fetch.h"
#include "ipamtui/text.h"

enum { DENIED = 18, SECURITY = 25 };

#define NO_SERVICES \
    "not allowed to see services; the account needs the rights of a local administrator, or read access to the service manager"

/* What an id means and what to try. Ids of the DHCP and DNS providers are "DHCP n,Cmdlet" and "WIN32 n,Cmdlet"; texts of
 * servers are localized and long, so a known id gets our sentence. */
static const struct meaning {
    const char *id; /* up to the comma, unless it has one itself; a last '*' stands for any rest */
    enum err_kind kind;
    const char *text;
} meanings[] = {
    { "DHCP 20000", ERR_DENIED, "not allowed; the account must be in \"DHCP Users\" to read, \"DHCP Administrators\" to change" },
    { "DHCP 20005", ERR_NOT_FOUND, "there is no such scope on the server; retrieve the server again" },
    { "DHCP 20010", ERR_NOT_FOUND, "the option is not set there" },
    { "DHCP 20023", ERR_CONFLICT, "the range is not valid or overlaps an exclusion that exists" },
    { "DHCP 20052", ERR_CONFLICT, "the scope exists already on the server" },
    { "DHCP 20116", ERR_NOT_FOUND, "the scope is in no failover relationship" },
    { "WIN32 5", ERR_DENIED, "access denied; the account needs the rights of a local administrator or of the role's group" },
    { "WIN32 87", ERR_INPUT, "the server did not accept a value (invalid parameter)" },
    { "WIN32 1060", ERR_NOT_FOUND, "the service is not installed there; see the server's roles" },
    { "WIN32 1062", ERR_REMOTE, "the service is not running; start it (Start-Service)" },
    { "WIN32 1722", ERR_REMOTE, "the service does not answer (RPC server unavailable); see whether it runs" },
    { "WIN32 1753", ERR_REMOTE, "the service does not answer (no RPC endpoint); see whether it runs" },
    { "WIN32 9601", ERR_NOT_FOUND, "there is no such zone on the server; retrieve the server again" },
    { "WIN32 9609", ERR_CONFLICT, "the zone exists already on the server" },
    { "WIN32 9611", ERR_CONFLICT, "that cannot be done with a zone of this type" },
    { "WIN32 9701", ERR_NOT_FOUND, "there is no such record; retrieve the zone again" },
    { "WIN32 9711", ERR_CONFLICT, "the record exists already" },
    { "WIN32 9714", ERR_NOT_FOUND, "there is no such name in the zone" },
    { "HRESULT 0x80070005", ERR_DENIED, "access denied" },
    { "HRESULT 0x800706ba", ERR_REMOTE, "the service does not answer (RPC server unavailable); see whether it runs" },
    { "CommandNotFoundException", ERR_NOT_FOUND,
      "this server does not offer the command; its PowerShell module (RSAT feature of the role) is not installed" },
    { "CouldNotAutoLoadModule", ERR_REMOTE, "its PowerShell module could not be loaded; see the execution policy of the server" },
    { "NamedParameterNotFound", ERR_NOT_FOUND, "this server's command does not have the parameter; its Windows is older" },
    { "ParameterArgumentTransformationError", ERR_INPUT, "the server did not accept the type of a value" },
    { "ParameterArgumentValidationError*", ERR_INPUT, "the server did not accept a value" },
    { "CannotConvertArgument*", ERR_INPUT, "the server did not accept the type of a value" },
    { "ScriptsNotAllowed", ERR_DENIED, "the session there allows no scripts (constrained endpoint)" },
    { "NoServiceFoundForGivenName", ERR_NOT_FOUND, "the service is not installed there" },
    { "System.InvalidOperationException,Microsoft.PowerShell.Commands.GetServiceCommand", ERR_DENIED, NO_SERVICES },
    { "System.InvalidOperationException,Get-Service", ERR_DENIED, NO_SERVICES },
    { "CouldNotGetServiceInfo*", ERR_DENIED, "not allowed to see the service's state" },
    { "PipelineStopped", ERR_CANCELLED, "stopped" },
    { "CallTimeout", ERR_TIMEOUT, NULL },
    { "ConnectionLost", ERR_UNREACHABLE, NULL },
    { "UnreadableAnswer", ERR_REMOTE, NULL }, /* our words about what the server sent */
};

/* Kinds by ErrorCategory, for ids that are not in the table. */
static const struct category {
    int number;
    enum err_kind kind;
} categories[] = {
    { 5, ERR_INPUT },       { 13, ERR_NOT_FOUND }, { 14, ERR_CANCELLED }, { 15, ERR_TIMEOUT },
    { DENIED, ERR_DENIED }, { 20, ERR_CONFLICT },  { SECURITY, ERR_DENIED }, { 27, ERR_UNREACHABLE },
};

static bool id_is(const char *pattern, const char *id, size_t id_len)
{
    size_t len = strlen(pattern);

    if (strchr(pattern, ','))
        id_len = strlen(id);
    if (len > 0 && pattern[len - 1] == '*')
        return id_len >= len - 1 && strncasecmp(pattern, id, len - 1) == 0;
    return id_len == len && strncasecmp(pattern, id, len) == 0;
}

static const struct meaning *meaning_of(const char *id)
{
    size_t len = strcspn(id, ",");

    for (size_t i = 0; i < COUNT(meanings); i++)
        if (id_is(meanings[i].id, id, len))
            return &meanings[i];
    return NULL;
}

static enum err_kind kind_of(int category)
{
    for (size_t i = 0; i < COUNT(categories); i++)
        if (categories[i].number == category)
            return categories[i].kind;
    return ERR_REMOTE;
}

void fetch_explain(const struct ps_error *error, const char *where, struct err *out)
{
    const char *id = error && error->id ? error->id : "";
    const struct meaning *meaning = meaning_of(id);
    const char *said = error && error->message ? error->message : "";
    char raw[48], id_text[64], message[160];
    /* The binder's errors stand for a category that says less than they do. */
    enum err_kind kind = meaning ? meaning->kind : kind_of(error ? error->category : 0);

    if (error && (error->category == DENIED || error->category == SECURITY))
        kind = ERR_DENIED;
    snprintf(raw, sizeof(raw), "%.*s", (int)MIN(strcspn(id, ","), sizeof(raw) - 1), id);
    text_printable(raw, id_text, sizeof(id_text));
    text_printable(said, message, sizeof(message));
    if (meaning && !meaning->text) {
        err_set(out, kind, where, "%s", said[0] ? said : "no answer");
        return;
    }
    if (meaning)
        err_set(out, kind, where, "%s (%s)", meaning->text, id_text);
    else if (said[0] != '\0')
        err_set(out, kind, where, "the server said: %s (%s%s%s)", message, ps_category_name(error->category),
                id_text[0] ? ", " : "", id_text);
    else
        err_set(out, kind, where, "the server refused without a reason (%s%s%s)",
                ps_category_name(error ? error->category : 0), id_text[0] ? ", " : "", id_text);
}

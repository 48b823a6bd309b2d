#include "answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ipamtui/ip.h"
#include "ipamtui/psrp.h"
#include "ipamtui/text.h"

enum sim_shape sim_shape_of(const struct sim_server *server)
{
    const char *shape = sim_value(sim_host(server), "Shape");

    if (!shape || strcmp(shape, "plain") == 0)
        return SHAPE_PLAIN;
    return strcmp(shape, "members") == 0 ? SHAPE_MEMBERS : SHAPE_METADATA;
}

/* ------------------------------------------------------------------ text */

static void escape_unit(struct buf *out, uint32_t unit)
{
    buf_addf(out, "_x%04X_", (unsigned)unit);
}

static bool plain_run(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '&' && c != '<' && c != '>' && c != '_' && c != '"';
}

/* One code point that needs thought. */
static void answer_rune(struct buf *out, uint32_t rune, const char *at, size_t len, char next)
{
    if (rune < 0x20 || (rune >= 0x7f && rune <= 0x9f)) {
        escape_unit(out, rune);
    } else if (rune > 0xffff) {
        escape_unit(out, 0xd800 + ((rune - 0x10000) >> 10));
        escape_unit(out, 0xdc00 + ((rune - 0x10000) & 0x3ff));
    } else if (rune == 0xfffe || rune == 0xffff) {
        buf_addf(out, "&#x%X;", (unsigned)rune); /* as the engine does: not XML 1.0 */
    } else if (rune == '_' && (next == 'x' || next == 'X')) {
        escape_unit(out, rune);
    } else if (rune == '&' || rune == '<' || rune == '>' || rune == '"') {
        buf_adds(out, rune == '&' ? "&amp;" : rune == '<' ? "&lt;" : rune == '>' ? "&gt;" : "&quot;");
    } else if (rune == 0xfffd && len == 1) {
        buf_adds(out, "\xef\xbf\xbd");
    } else {
        buf_add(out, at, len);
    }
}

void answer_text(struct buf *out, const char *text)
{
    const char *end = text + strlen(text);

    while (text < end) {
        const char *run = text;
        while (text < end && plain_run((unsigned char)*text))
            text++;
        buf_add(out, run, (size_t)(text - run));
        if (text == end)
            break;
        const char *at = text;
        uint32_t rune = text_next(&text, end);
        answer_rune(out, rune, at, (size_t)(text - at), text < end ? *text : '\0');
    }
}

void answer_xml(struct buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '&' || c == '<' || c == '>' || c == '\'' || c == '"' || c < 0x20)
            buf_addf(out, "&#%u;", c);
        else
            buf_addc(out, *text);
    }
}

static void element(struct buf *out, const char *tag, const char *name, const char *text)
{
    buf_addc(out, '<');
    buf_adds(out, tag);
    if (name) {
        buf_adds(out, " N=\"");
        answer_text(out, name);
        buf_addc(out, '"');
    }
    buf_addc(out, '>');
    answer_text(out, text);
    buf_adds(out, "</");
    buf_adds(out, tag);
    buf_addc(out, '>');
}

static void nil(struct buf *out, const char *name)
{
    buf_adds(out, "<Nil N=\"");
    buf_adds(out, name);
    buf_adds(out, "\" />");
}

static void type_names(struct buf *out, int refid, const char *const *names)
{
    buf_addf(out, "<TN RefId=\"%d\">", refid);
    for (; *names; names++)
        element(out, "T", NULL, *names);
    buf_adds(out, "</TN>");
}

/* ------------------------------------------------------------------ values */

/* RefIds of what is being written. */
struct refs {
    int object, types;
    enum sim_shape shape;
};

static void embedded_list(struct buf *out, const struct sim_property *property, const char *text,
                          struct refs *refs);
static void embedded_object(struct buf *out, const char *name, const struct sim_class *class,
                            const char *text, size_t len, struct refs *refs);

static void list_value(struct buf *out, const struct sim_property *property, const char *text,
                       struct refs *refs)
{
    static const char *const names[] = { "System.String[]", "System.Array", "System.Object", NULL };

    buf_addf(out, "<Obj N=\"%s\" RefId=\"%d\">", property->name, refs->object++);
    type_names(out, refs->types++, names);
    buf_adds(out, "<LST>");
    while (*text) {
        size_t n = strcspn(text, (char[]){ SIM_LIST_SEPARATOR, '\0' });
        char item[256];
        snprintf(item, sizeof item, "%.*s", (int)n, text);
        element(out, sim_type_tag(property->type), NULL, item);
        text += n + (text[n] != '\0');
    }
    buf_adds(out, "</LST></Obj>");
}

static void address_object(struct buf *out, const char *name, const char *text, struct refs *refs)
{
    static const char *const names[] = { "System.Net.IPAddress", "System.Object", NULL };
    uint32_t ip = 0;
    bool v4 = ip4_parse(text, &ip);

    buf_addf(out, "<Obj N=\"%s\" RefId=\"%d\">", name, refs->object++);
    type_names(out, refs->types++, names);
    element(out, "ToString", NULL, text);
    buf_adds(out, "<Props>");
    if (v4) /* network bytes as a little-endian number */
        buf_addf(out, "<I64 N=\"Address\">%u</I64>", (unsigned)__builtin_bswap32(ip));
    else
        buf_adds(out, "<I64 N=\"ScopeId\">0</I64>");
    buf_addf(
        out,
        "<S N=\"AddressFamily\">%s</S><B N=\"IsIPv6Multicast\">false</B><B N=\"IsIPv6LinkLocal\">false</B>"
        "<B N=\"IsIPv6SiteLocal\">false</B><B N=\"IsIPv6Teredo\">false</B><B "
        "N=\"IsIPv4MappedToIPv6\">false</B></Props><MS>",
        v4 ? "InterNetwork" : "InterNetworkV6");
    element(out, "S", "IPAddressToString", text);
    buf_adds(out, "</MS></Obj>");
}

/* <S N="Name"> of each property of a class, made when first needed. They live as long as the program. */
static const char *open_tag(const struct sim_class *class, size_t at)
{
    static const char **made[SIM_CLASSES_MAX];
    size_t place = sim_class_place(class);

    if (!made[place]) {
        made[place] = x_calloc(class->count, sizeof *made[place]);
        for (size_t i = 0; i < class->count; i++)
            made[place][i] = x_asprintf("<%s N=\"%s\">", sim_type_tag(class->properties[i].type),
                                        class->properties[i].name);
    }
    return made[place][at];
}

/* The usual case of property_value(), which most of an answer consists of. */
static void plain_value(struct buf *out, const struct sim_class *class, size_t at, const char *text)
{
    buf_adds(out, open_tag(class, at));
    answer_text(out, text);
    buf_adds(out, "</");
    buf_adds(out, sim_type_tag(class->properties[at].type));
    buf_addc(out, '>');
}

static void property_value(struct buf *out, const struct sim_property *property, const char *text,
                           struct refs *refs, bool as_member)
{
    bool embedded = property->type == SIM_OBJECT;

    if (!text && embedded)
        return; /* an older Windows has no such property */
    if (!text)
        nil(out, property->name);
    else if (embedded && property->is_list)
        embedded_list(out, property, text, refs);
    else if (embedded)
        embedded_object(out, property->name, sim_class_find(property->values), text, strlen(text), refs);
    else if (property->is_list)
        list_value(out, property, text, refs);
    else if (as_member && property->type == SIM_IPADDRESS && *text)
        address_object(out, property->name, text, refs);
    else
        element(out, sim_type_tag(property->type), property->name, text);
}

/* ------------------------------------------------------------------ objects */

/* Type names of the classes that are no CIM classes, most derived first. */
static const struct {
    const char *class;
    const char *names[6];
} plain_types[] = {
    { "ServiceController",
      { "System.ServiceProcess.ServiceController", "System.ComponentModel.Component",
        "System.MarshalByRefObject", "System.Object" } },
    { "Soa",
      { "Microsoft.DnsClient.Commands.DnsRecord_SOA", "Microsoft.DnsClient.Commands.DnsRecord",
        "System.Object" } },
    { "EventLogRecord",
      { "System.Diagnostics.Eventing.Reader.EventLogRecord", "System.Diagnostics.Eventing.Reader.EventRecord",
        "System.Object" } },
    { "CommandInfo",
      { "System.Management.Automation.FunctionInfo", "System.Management.Automation.CommandInfo",
        "System.Object" } },
    { "ModuleInfo", { "System.Management.Automation.PSModuleInfo", "System.Object" } },
};

static void cim_head(struct buf *out, const struct sim_class *class, int refid)
{
    buf_addf(out,
             "<TN RefId=\"%d\"><T>Microsoft.Management.Infrastructure.CimInstance#%s/%s</T>"
             "<T>Microsoft.Management.Infrastructure.CimInstance#%s</"
             "T><T>Microsoft.Management.Infrastructure.CimInstance</T>"
             "<T>System.Object</T></TN><ToString>%s</ToString>",
             refid, class->ns, class->name, class->name, class->name);
}

/* Type names and text form; the same for each object of a class, so made once. */
static char *make_head(const struct sim_class *class)
{
    struct buf out = { 0 };

    for (size_t i = 0; i < COUNT(plain_types); i++) {
        if (strcmp(plain_types[i].class, class->name) != 0)
            continue;
        type_names(&out, 0, plain_types[i].names);
        element(&out, "ToString", NULL, plain_types[i].names[0]);
        return buf_steal(&out);
    }
    cim_head(&out, class, 0);
    return buf_steal(&out);
}

static void object_head(struct buf *out, const struct sim_class *class, struct refs *refs)
{
    static const char *made[SIM_CLASSES_MAX];
    size_t place = sim_class_place(class);

    if (!made[place])
        made[place] = make_head(class);
    buf_adds(out, made[place]);
    refs->types++;
}

static void class_metadata(struct buf *out, const struct sim_class *class, struct refs *refs, bool first,
                           const char *server)
{
    static const char *const names[] = { "System.Collections.ArrayList", "System.Object", NULL };

    buf_addf(out, "<Obj N=\"__ClassMetadata\" RefId=\"%d\">", refs->object++);
    type_names(out, refs->types++, names);
    buf_addf(out, "<LST><Obj RefId=\"%d\"><MS><S N=\"ClassName\">%s</S><S N=\"Namespace\">%s</S>",
             refs->object++, class->name, class->ns);
    element(out, "S", "ServerName", server);
    buf_adds(out, "<I32 N=\"Hash\">-12345678</I32>");
    if (first) {
        buf_addf(out, "<S N=\"MiXml\">&lt;CLASS NAME=\"%s\"&gt;", class->name);
        for (size_t i = 0; i < class->count; i++)
            buf_addf(out,
                     "&lt;PROPERTY NAME=\"%s\" TYPE=\"string\"&gt;&lt;QUALIFIER NAME=\"Description\" "
                     "TYPE=\"string\" TOSUBCLASS=\"false\"&gt;"
                     "&lt;VALUE&gt;Property %s of class %s.&lt;/VALUE&gt;&lt;/QUALIFIER&gt;&lt;/PROPERTY&gt;",
                     class->properties[i].name, class->properties[i].name, class->name);
        buf_adds(out, "&lt;/CLASS&gt;</S>");
    }
    buf_adds(out, "</MS></Obj></LST></Obj>");
}

/* One of "Property=value,Property=value"; NULL = it is not there. */
static const char *embedded_value(const char *text, size_t len, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name), n;

    for (const char *at = text; at < text + len; at += n + 1) {
        n = MIN(strcspn(at, ","), (size_t)(text + len - at));
        if (n <= name_len || strncmp(at, name, name_len) != 0 || at[name_len] != '=')
            continue;
        snprintf(out, size, "%.*s", (int)(n - name_len - 1), at + name_len + 1);
        return out;
    }
    return NULL;
}

/* A CIM object inside a CIM object is written in full, whatever the depth. */
static void embedded_object(struct buf *out, const char *name, const struct sim_class *class,
                            const char *text, size_t len, struct refs *refs)
{
    buf_adds(out, "<Obj");
    if (name)
        buf_addf(out, " N=\"%s\"", name);
    buf_addf(out, " RefId=\"%d\">", refs->object++);
    cim_head(out, class, refs->types++);
    buf_adds(out, "<Props>");
    for (size_t i = 0; i < class->count; i++) {
        const struct sim_property *property = &class->properties[i];
        char value[256];
        property_value(out, property, embedded_value(text, len, property->name, value, sizeof value), refs, false);
    }
    nil(out, "PSComputerName");
    buf_adds(out, "</Props>");
    if (refs->shape == SHAPE_METADATA) {
        buf_adds(out, "<MS>");
        class_metadata(out, class, refs, false, "");
        buf_adds(out, "</MS>");
    }
    buf_adds(out, "</Obj>");
}

static void embedded_list(struct buf *out, const struct sim_property *property, const char *text,
                          struct refs *refs)
{
    static const char *const names[] = { "Microsoft.Management.Infrastructure.CimInstance[]", "System.Array",
                                         "System.Object", NULL };

    buf_addf(out, "<Obj N=\"%s\" RefId=\"%d\">", property->name, refs->object++);
    type_names(out, refs->types++, names);
    buf_adds(out, "<LST>");
    while (*text) {
        size_t n = strcspn(text, (char[]){ SIM_LIST_SEPARATOR, '\0' });
        embedded_object(out, NULL, sim_class_find(property->values), text, n, refs);
        text += n + (text[n] != '\0');
    }
    buf_adds(out, "</LST></Obj>");
}

static void members(struct buf *out, const struct sim_object *object, enum sim_shape shape, struct refs *refs,
                    bool first, const char *server)
{
    bool cim = object->class->ns[0] == 'r';

    buf_adds(out, "<MS>");
    for (size_t i = 0; i < object->class->count; i++) {
        const struct sim_property *property = &object->class->properties[i];
        bool scripted = cim && shape != SHAPE_PLAIN && !property->hidden &&
                        (property->type == SIM_IPADDRESS || property->type == SIM_TIMESPAN);
        if (property->member || scripted)
            property_value(out, property, object->values[i], refs, true);
    }
    if (cim && shape == SHAPE_METADATA)
        class_metadata(out, object->class, refs, first, server);
    buf_adds(out, "</MS>");
}

static void whole_object(struct buf *out, const struct sim_object *object, enum sim_shape shape, bool first,
                         const char *server)
{
    struct refs refs = { .object = 1, .shape = shape };

    buf_adds(out, "<Obj RefId=\"0\">");
    object_head(out, object->class, &refs);
    buf_adds(out, "<Props>");
    for (size_t i = 0; i < object->class->count; i++) {
        const struct sim_property *property = &object->class->properties[i];
        if (property->hidden || property->member)
            continue;
        if (object->values[i] && !property->is_list && property->type != SIM_OBJECT)
            plain_value(out, object->class, i, object->values[i]);
        else
            property_value(out, property, object->values[i], &refs, false);
    }
    if (object->class->ns[0] == 'r')
        nil(out, "PSComputerName");
    buf_adds(out, "</Props>");
    if (shape != SHAPE_PLAIN || object->class->ns[0] != 'r')
        members(out, object, shape, &refs, first, server);
    buf_adds(out, "</Obj>");
}

/* Select-Object: notes only. A property that is not there is $null. */
static void selected_object(struct buf *out, const struct sim_record *record)
{
    struct refs refs = { .object = 1 };
    const struct sim_class *class = record->object->class;

    buf_addf(out,
             "<Obj RefId=\"0\"><TN "
             "RefId=\"%d\"><T>Selected.%s</T><T>System.Management.Automation.PSCustomObject</"
             "T><T>System.Object</T></TN><MS>",
             refs.types++,
             class->ns[0] == 'r' ? "Microsoft.Management.Infrastructure.CimInstance" : class->name);
    for (size_t i = 0; i < record->selected_count; i++) {
        int at = sim_property_find(class, record->selected[i]);
        if (at < 0 || class->properties[at].hidden) {
            buf_adds(out, "<Nil N=\"");
            answer_text(out, record->selected[i]);
            buf_adds(out, "\" />");
        } else {
            property_value(out, &class->properties[at], record->object->values[at], &refs, true);
        }
    }
    buf_adds(out, "</MS></Obj>");
}

void answer_record(struct buf *out, const struct sim_record *record, enum sim_shape shape, bool first,
                   const char *server)
{
    if (!record->object)
        element(out, record->tag ? record->tag : "S", NULL, record->text);
    else if (record->selected)
        selected_object(out, record);
    else
        whole_object(out, record->object, shape, first, server);
}

/* ------------------------------------------------------------------ errors */

static const struct {
    const char *reason, *names[6];
} exception_types[] = {
    { "CimException",
      { "Microsoft.Management.Infrastructure.CimException", "System.Exception", "System.Object" } },
    { "CommandNotFoundException",
      { "System.Management.Automation.CommandNotFoundException",
        "System.Management.Automation.RuntimeException", "System.SystemException", "System.Exception",
        "System.Object" } },
    { "InvalidOperationException",
      { "System.InvalidOperationException", "System.SystemException", "System.Exception", "System.Object" } },
    { "PipelineStoppedException",
      { "System.Management.Automation.PipelineStoppedException",
        "System.Management.Automation.RuntimeException", "System.SystemException", "System.Exception",
        "System.Object" } },
    { "",
      { "System.Management.Automation.ParameterBindingException",
        "System.Management.Automation.RuntimeException", "System.SystemException", "System.Exception",
        "System.Object" } },
};

static const char *const *exception_names(const char *reason)
{
    size_t i = 0;

    while (*exception_types[i].reason && strcmp(exception_types[i].reason, reason) != 0)
        i++;
    return exception_types[i].names;
}

static void error_exception(struct buf *out, const struct sim_error *error, int *refid, int *types)
{
    const char *number = strncmp(error->id, "DHCP ", 5) == 0 || strncmp(error->id, "WIN32 ", 6) == 0
                             ? strchr(error->id, ' ') + 1
                             : NULL;

    buf_addf(out, "<Obj N=\"Exception\" RefId=\"%d\">", (*refid)++);
    type_names(out, (*types)++, exception_names(error->reason));
    buf_adds(out, "<ToString>");
    answer_text(out, error->reason);
    buf_adds(out, ": ");
    answer_text(out, error->message);
    buf_adds(out, "</ToString><Props>");
    if (number) {
        element(out, "S", "NativeErrorCode", "Failed");
        element(out, "S", "MessageId", error->id);
        element(out, "U32", "StatusCode", number);
    }
    element(out, "S", "Message", error->message);
    buf_adds(out, "<Nil N=\"InnerException\" /><Nil N=\"HelpLink\" /><Nil N=\"Source\" /><I32 "
                  "N=\"HResult\">-2146233088</I32>"
                  "<Nil N=\"StackTrace\" /></Props></Obj>");
}

int answer_error(struct buf *out, const char *name, const struct sim_error *error, int refid)
{
    static const char *const names[] = { "System.Management.Automation.ErrorRecord", "System.Object", NULL };
    int types = 0;

    buf_adds(out, "<Obj");
    if (name)
        buf_addf(out, " N=\"%s\"", name);
    buf_addf(out, " RefId=\"%d\">", refid++);
    type_names(out, types++, names);
    element(out, "ToString", NULL, error->message);
    buf_adds(out, "<MS><B N=\"writeErrorStream\">true</B>");
    error_exception(out, error, &refid, &types);
    if (error->target && *error->target)
        element(out, "S", "TargetObject", error->target);
    else
        nil(out, "TargetObject");
    buf_adds(out, "<S N=\"FullyQualifiedErrorId\">");
    answer_text(out, error->id);
    if (error->command && *error->command) {
        buf_addc(out, ',');
        answer_text(out, error->command);
    }
    buf_addf(out, "</S><Nil N=\"InvocationInfo\" /><I32 N=\"ErrorCategory_Category\">%d</I32>",
             error->category);
    element(out, "S", "ErrorCategory_Activity", error->command ? error->command : "");
    element(out, "S", "ErrorCategory_Reason", error->reason);
    element(out, "S", "ErrorCategory_TargetName", error->target ? error->target : "");
    element(out, "S", "ErrorCategory_TargetType", error->target_type ? error->target_type : "");
    buf_addf(out, "<S N=\"ErrorCategory_Message\">%s: (", ps_category_name(error->category));
    answer_text(out, error->target ? error->target : "");
    buf_addf(out, ":%s) [%s], %s</S><B N=\"SerializeExtendedInfo\">false</B></MS></Obj>",
             error->target_type ? error->target_type : "", error->command ? error->command : "",
             error->reason);
    return refid;
}

void answer_state(struct buf *out, int state, const struct sim_error *error)
{
    buf_addf(out, "<Obj RefId=\"0\"><MS><I32 N=\"PipelineState\">%d</I32>", state);
    if (error)
        answer_error(out, "ExceptionAsErrorRecord", error, 1);
    buf_adds(out, "</MS></Obj>");
}

# Makes the tables of src/simhost/tables.h from sets.tsv, cmdlets.tsv and classes.tsv, named in this order.
function text(s) { gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s); return "\"" s "\"" }
function symbol(s) { gsub(/[^A-Za-z0-9]/, "_", s); return s }
function mask(cmdlet, names,    n, list, i, bits) { # "*" = every set
    if (names == "") return "0"
    if (names == "*") return "ALL_SETS"
    n = split(names, list, "|"); bits = ""
    for (i = 1; i <= n; i++) {
        if (!((cmdlet, list[i]) in set_place)) { print "tables.awk: " cmdlet " has no set " list[i] > "/dev/stderr"; exit 1 }
        bits = bits (bits == "" ? "" : " | ") "SET(" set_place[cmdlet, list[i]] ")"
    }
    return bits
}
function bounds(range,    b) { # "lo..hi" of the value, "len lo..hi" of its length
    if (range ~ /^len /) { sub(/^len /, "", range); split(range, b, "\\.\\."); return ".len_min = " b[1] ", .len_max = " b[2] }
    if (range !~ /\.\./) return ""
    split(range, b, "\\.\\."); return ".has_range = true, .min = " b[1] ", .max = " b[2]
}
function position(cmdlet, at) { # differs by set in a few rows: those are only used by name
    return at ~ /^[0-9]+$/ ? at : "0"
}
BEGIN { FS = "\t"; print "/* Made by src/simhost/tables.awk from the tables beside it. */" }
FNR == 1 { file++; next }
file == 1 {
    module_of[$2] = $1
    if (!($2 in set_count)) order[++cmdlets] = $2
    set_place[$2, $3] = set_count[$2]++
    set_names[$2] = set_names[$2] ($2 in first ? "|" : "") $3
    first[$2] = 1
    if ($4 == "yes" || !($2 in default_set)) default_set[$2] = set_place[$2, $3]
    if ($5 == "yes") should[$2] = 1
}
file == 2 {
    if ($2 != open) {
        if (open != "") print "};"
        open = $2; param_count[$2] = 0
        printf "static const struct sim_param params_%s[] = {\n", symbol($2)
    }
    param_count[$2]++
    array = ($5 ~ /\[\]$/); type = $5; sub(/\[\]$/, "", type)
    printf "    { .name = %s, .aliases = %s, .type = %s, .array = %s, .allow_null = %s, .allow_empty = %s, .sets = %s, .mandatory = %s,\n", \
        text($3), text($4), text(type), array ? "true" : "false", $6 ~ /null/ ? "true" : "false", $6 ~ /empty/ ? "true" : "false", \
        mask($2, $7), mask($2, $8)
    range = bounds($12)
    printf "      .position = %s, .by_name = %s, .by_value = %s, .accepted = %s%s },\n", position($2, $9), \
        $10 ~ /name/ ? "true" : "false", $10 ~ /value/ ? "true" : "false", text($11), range == "" ? "" : ", " range
}
file == 3 {
    if (open != "") { print "};"; open = "" }
    if (!($1 in rows)) { class_order[++classes] = $1; namespace[$1] = $2; rows[$1] = 0 }
    property[$1, ++rows[$1]] = sprintf("    { .name = %s, .type = SIM_%s, .is_list = %s, .is_key = %s, .hidden = %s, .member = %s, .values = %s },", \
        text($3), word($4), $4 ~ /\[\]$/ ? "true" : "false", $5 ~ /k/ ? "true" : "false", $5 ~ /h/ ? "true" : "false", \
        $5 ~ /m/ ? "true" : "false", text($6))
}
function word(type) { sub(/\[\]$/, "", type); return toupper(type) }
END {
    for (i = 1; i <= cmdlets; i++) if (!(order[i] in param_count)) param_count[order[i]] = -1
    print "static const struct sim_cmdlet cmdlet_table[] = {"
    for (i = 1; i <= cmdlets; i++) {
        c = order[i]
        printf "    { .name = %s, .module = %s, .sets = %s, .set_count = %d, .default_set = %d, .should_process = %s, .params = %s, .param_count = %d },\n", \
            text(c), text(module_of[c]), text(set_names[c]), set_count[c], default_set[c], (c in should) ? "true" : "false", \
            param_count[c] < 0 ? "NULL" : "params_" symbol(c), param_count[c] < 0 ? 0 : param_count[c]
    }
    print "};"
    for (c in rows) {
        printf "static const struct sim_property properties_%s[] = {\n", c
        for (i = 1; i <= rows[c]; i++) print property[c, i]
        print "};"
    }
    print "static const struct sim_class class_table[] = {"
    n = 0
    for (i = 1; i <= classes; i++) {
        c = class_order[i]
        printf "    { .name = %s, .ns = %s, .properties = properties_%s, .count = %d },\n", text(c), text(namespace[c]), c, rows[c]
    }
    print "};"
}

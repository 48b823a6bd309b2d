# looks.awk - `tmux capture-pane -p -e` with the look of each run of text written out, so that two captures can be compared:
# tmux carries looks over from line to line, leaves out blanks at the end, and a blank without ground looks like any other.
function look(    name, k) {
    name = ""
    for (k = 1; k <= 9; k++) if (on[k]) name = name "," k
    return name (fg ? ",f" fg : "") (bg ? ",b" bg : "")
}
function set(codes,    part, n, i, c) {
    n = split(codes == "" ? "0" : codes, part, ";")
    for (i = 1; i <= n; i++) {
        c = part[i] + 0
        if (c == 0) { delete on; fg = bg = "" }
        else if (c == 38) { fg = part[i + 1] "/" part[i + 2]; i += 2 }
        else if (c == 48) { bg = part[i + 1] "/" part[i + 2]; i += 2 }
        else if (c < 10) on[c] = 1
        else if (c == 22) { on[1] = 0; on[2] = 0 }
        else if (c > 22 && c < 30) on[c - 20] = 0
        else if (c == 39) fg = ""
        else if (c == 49) bg = ""
        else if (c >= 40 && c < 48 || c >= 100) bg = c
        else fg = c
    }
}
{
    out = ""; was = ""; rest = $0
    while (rest != "") {
        if (match(rest, /^\033\[[0-9;]*m/)) {
            set(substr(rest, 3, RLENGTH - 3))
            rest = substr(rest, RLENGTH + 1)
            continue
        }
        if (match(rest, /^(\016|\017)/)) { # line drawing: tmux shows its own characters for it
            rest = substr(rest, 2)
            continue
        }
        c = substr(rest, 1, 1)
        now = c == " " && !on[7] && !on[4] && bg == "" ? "" : look()
        if (now != was) out = out "<" now ">"
        was = now
        out = out c
        rest = substr(rest, 2)
    }
    if (was != "") out = out "<>"
    sub(/ +(<>)?$/, "", out)
    print out
}

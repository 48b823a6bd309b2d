# Puts the program's own rows where a manual page says: .\" @rows options
/^\.\\" @rows [a-z0-9]+$/ {
    command = program " schema --roff " $3
    lines = 0
    while ((command | getline line) > 0) {
        print line
        lines++
    }
    if (close(command) != 0 || lines == 0) {
        print FILENAME ":" FNR ": no rows from: " command > "/dev/stderr"
        exit 1
    }
    next
}
{ print }

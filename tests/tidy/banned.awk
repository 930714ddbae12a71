# For banned.sh: the table, then every line of code against it.
function below(file, folders,    count, folder, i) {
    count = split(folders, folder, " ")
    for (i = 1; i <= count; i++)
        if (index(file, folder[i] "/") == 1)
            return 1
    return 0
}

BEGIN {
    while ((got = (getline line < table)) > 0) {
        if (line ~ /^#/ || split(line, part, " *[|] *") != 4)
            continue
        rules++
        folders[rules] = part[1]
        excepted[rules] = " " part[2] " "
        calls[rules] = part[3]
        instead[rules] = part[4]
    }
    if (got < 0 || !rules) {
        print "banned.sh: cannot read " table
        exit 2
    }
}

FNR == 1 {
    split("", rule_of)
    for (i = 1; i <= rules; i++) {
        if (!below(FILENAME, folders[i]) || index(excepted[i], " " FILENAME " "))
            continue
        count = split(calls[i], call, " ")
        for (k = 1; k <= count; k++)
            rule_of[call[k]] = i
    }
}

{
    rest = code($0)
    while (match(rest, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
        word = substr(rest, RSTART, RLENGTH - 1)
        sub(/[ \t]+$/, "", word)
        before = RSTART > 1 ? substr(rest, RSTART - 1, 1) : ""
        # A member of that name, or the tail of a number, is not a call of the function.
        if (word in rule_of && before !~ /[.>0-9]/) {
            print FILENAME ":" FNR ": banned: " word "(); instead: " instead[rule_of[word]]
            bad = 1
        }
        rest = substr(rest, RSTART + RLENGTH)
    }
}

END { exit bad }

#!/bin/sh
# sizes.sh <root> [table]: lengths of files, lines and functions. Prints file:line: and the rule; fails
# when there was one.
#
# A function goes from the line with its name to the brace in the first column that ends it: the
# formatter sees to it that the braces stand there.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
table=${2:-$here/sizes.txt}
cd "$1"
. "$here/sources.sh"

{
    for top in README.md CMakeLists.txt; do
        [ ! -f $top ] || echo $top
    done
    sources '*.c' '*.h' '*.cc' '*.def' CMakeLists.txt README.md
} | LC_ALL=C awk -v table="$table" '
function say(line, text) {
    print file ":" line ": sizes: " text
    bad = 1
}
# Shell patterns of the table know no more than a star in front.
function limit_of(path,    i) {
    for (i = 1; i <= limits; i++) {
        if (pattern[i] == path || (pattern[i] !~ /\// && pattern[i] == name_of(path)))
            return limit[i]
        if (pattern[i] ~ /^\*/ && substr(path, length(path) - length(pattern[i]) + 2) == \
                                      substr(pattern[i], 2))
            return limit[i]
    }
    return 0
}
function name_of(path) {
    sub(/^.*\//, "", path)
    return path
}
function look(line, number,    length_seen) {
    gsub(/[\200-\277]/, "", line)
    if (file !~ /\.def$/ && length(line) > columns)
        say(number, length(line) " columns, at most " columns)
    if (line ~ /^[A-Za-z_]/ && line ~ /\(/)
        named = number
    if (line ~ /^(struct|enum|union|namespace|static const|typedef)[^()]*$/)
        named = 0
    if (line ~ /^\{/)
        opened = named
    if (line ~ /^\}/) {
        length_seen = number - opened + 1
        if (opened && length_seen > functions)
            say(opened, "function of " length_seen " lines, at most " functions)
        opened = named = 0
    }
}
BEGIN {
    while ((got = (getline line < table)) > 0) {
        split(line, word, " ")
        if (word[1] == "file") {
            pattern[++limits] = word[2]
            limit[limits] = word[3]
        } else if (word[1] == "columns")
            columns = word[2] + 0
        else if (word[1] == "function")
            functions = word[2] + 0
    }
    if (got < 0 || !limits || !columns || !functions) {
        print "sizes.sh: cannot read " table
        exit 2
    }
}
{
    file = $0
    number = opened = named = 0
    while ((getline line < file) > 0) {
        number++
        if (file ~ /\.(c|h|cc|def)$/)
            look(line, number)
    }
    close(file)
    allowed = limit_of(file)
    if (allowed && number > allowed)
        say(number, number " lines, at most " allowed)
}
END { exit bad }'

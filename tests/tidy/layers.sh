#!/bin/sh
# layers.sh <root> [table]: every include against the table of layers. Prints file:line: and the rule;
# fails when there was one.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
table=${2:-$here/layers.txt}
cd "$1"
. "$here/sources.sh"

sources '*.c' '*.h' '*.cc' '*.def' | LC_ALL=C awk -v table="$table" '
function folder_of(path) {
    return path ~ /\// ? substr(path, 1, match(path, /\/[^\/]*$/) - 1) : ""
}
# The longest folder of the table that path is below.
function layer_of(path,    folder) {
    for (folder = folder_of(path); folder != "" && !(folder in layers); )
        folder = folder_of(folder)
    return folder
}
function exists(path,    line, got) {
    if (!(path in known)) {
        got = (getline line < path)
        close(path)
        known[path] = got >= 0
    }
    return known[path]
}
function library_of(header,    i) {
    for (i = 1; i <= owners; i++) {
        if (pattern[i] ~ /^\*/ && length(header) >= length(pattern[i]) &&
            substr(header, length(header) - length(pattern[i]) + 2) == substr(pattern[i], 2))
            return owner[i]
        if (pattern[i] ~ /\/$/ && index(header, pattern[i]) == 1)
            return owner[i]
        if (header == pattern[i])
            return owner[i]
    }
    return ""
}
# Where a quoted header is: beside the file, or below a root the file may see.
function place_of(file, header,    i, count, roots) {
    count = split(file ~ /^edge\// ? "edge include decider" : "include decider edge tests", roots, " ")
    if (exists(folder_of(file) "/" header))
        return folder_of(file) "/" header
    for (i = 1; i <= count; i++)
        if (exists(roots[i] "/" header))
            return roots[i] "/" header
    return ""
}
function say(line, text) {
    print file ":" line ": layers: " text
    bad = 1
}
function judge(line, header, quoted,    layer, place, target) {
    layer = layer_of(file)
    if (layer == "")
        return say(line, "no layer of the table has this folder")
    if ((layer, "*") in may)
        return
    if ((layer, "!" header) in may)
        return say(line, layer " may not include " header)
    target = library_of(header)
    if (target == "" && header == "signalbox/version.h")
        target = "include"
    if (target == "" && quoted) {
        place = place_of(file, header)
        if (place == "")
            return say(line, "there is no " header)
        target = layer_of(place)
    }
    if (target == "")
        return say(line, "no library of the table owns <" header ">")
    if (target != layer && !((layer, target) in may))
        say(line, layer " may not include " header " (" target ")")
}
BEGIN {
    while ((got = (getline line < table)) > 0) {
        count = split(line, word, " ")
        for (i = 3; i <= count; i++) {
            if (word[1] == "library") {
                pattern[++owners] = word[i]
                owner[owners] = word[2]
            } else if (word[1] == "layer") {
                layers[word[2]] = 1
                may[word[2], word[i]] = 1
            }
        }
    }
    if (got < 0 || !owners) {
        print "layers.sh: cannot read " table
        exit 2
    }
}
{
    file = $0
    number = 0
    while ((getline line < file) > 0) {
        number++
        if (line !~ /^[ \t]*#[ \t]*include[ \t]*[<"]/)
            continue
        quoted = line ~ /include[ \t]*"/
        sub(/^[^<"]*[<"]/, "", line)
        sub(/[>"].*$/, "", line)
        judge(number, line, quoted)
    }
    close(file)
}
END { exit bad }'

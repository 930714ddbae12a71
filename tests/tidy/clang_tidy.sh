#!/bin/sh
# clang_tidy.sh <root> <build> <clang-tidy>: clang-tidy over the sources of decider/ and edge/ that the
# build compiles, two at a time.
#
# A source that passed is not looked at again until something it depends on changes: <build>/tidy holds
# one empty file per hash of the preprocessed source, the configuration and the tool's version.
set -eu
root=$1 build=$2 tidy=$3
passed=$build/tidy
mkdir -p "$passed"
cd "$root"
[ -f "$build/compile_commands.json" ] || {
    echo "clang_tidy.sh: no compile_commands.json in $build"
    exit 2
}
common=$({ cat .clang-tidy && "$tidy" --version; } | cksum)

# CMake writes "directory", "command" and "file" on lines of their own, in this order.
awk -v root="$root/" '
/^ *"command": / {
    command = $0
    sub(/^ *"command": "/, "", command)
    sub(/",?$/, "", command)
    gsub(/\\\\/, "\\", command)
    gsub(/\\"/, "\"", command)
}
/^ *"file": / {
    file = $0
    sub(/^ *"file": "/, "", file)
    sub(/",?$/, "", file)
    if (index(file, root "decider/") == 1 || index(file, root "edge/") == 1)
        print file "\t" command
}' "$build/compile_commands.json" | LC_ALL=C sort -u >"$passed/sources"

tab=$(printf '\t')
: >"$passed/due"
while IFS=$tab read -r file command; do
    hash=$({ echo "$common" && cd "$build" && sh -c "${command% -o *} -E -P -o - $file"; } \
        2>/dev/null | sha256sum | cut -c1-64)
    [ -f "$passed/$hash" ] || echo "$hash $file" >>"$passed/due"
done <"$passed/sources"

xargs -r -P 2 -L 1 sh -c '
    # The flags are those of the build, whose gcc knows warnings that clang does not.
    if "$1" -p "$2" --quiet --extra-arg=-Wno-unknown-warning-option "$4" 2>/dev/null; then
        : >"$2/tidy/$3"
    else
        echo "$4: clang_tidy"
        exit 1
    fi' clang_tidy "$tidy" "$build" <"$passed/due"

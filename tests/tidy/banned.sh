#!/bin/sh
# banned.sh <root> [table]: calls that a folder may not make. Prints file:line: and the rule; fails when
# there was one.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
table=${2:-$here/banned.txt}
cd "$1"
. "$here/sources.sh"

files=$(sources '*.c' '*.h' '*.cc' '*.def')
[ -n "$files" ] || exit 0
# shellcheck disable=SC2086 # the project has no names with spaces
LC_ALL=C awk -v table="$table" -f "$here/source.awk" -f "$here/banned.awk" $files

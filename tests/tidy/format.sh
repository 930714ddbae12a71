#!/bin/sh
# format.sh <root> <clang-format>: every source is formatted as .clang-format says.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"
. "$here/sources.sh"

# Tables (.def) keep their columns.
sources '*.c' '*.h' '*.cc' | xargs "$2" --dry-run -Werror

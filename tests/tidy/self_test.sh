#!/bin/sh
# self_test.sh: each check finds in fixtures/broken exactly what is broken there, and nothing in
# fixtures/clean.
set -u
here=$(cd "$(dirname "$0")" && pwd)
failed=0

for check in layers sizes banned; do
    table=
    [ $check != sizes ] || table=$here/fixtures/sizes.txt
    found=$("$here/$check.sh" "$here/fixtures/broken" $table) && {
        echo "$check passes the broken tree"
        failed=1
    }
    [ "$found" = "$(cat "$here/fixtures/$check.expected")" ] || {
        echo "$check found something else than fixtures/$check.expected:"
        echo "$found" | diff "$here/fixtures/$check.expected" -
        failed=1
    }
    "$here/$check.sh" "$here/fixtures/clean" $table || {
        echo "$check fails the clean tree"
        failed=1
    }
done
exit $failed

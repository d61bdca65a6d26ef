#!/usr/bin/env bash
# Runs all tests, on SQLite and on a real PostgreSQL that lives as long as the run.
#
#   tests/run.sh                      everything
#   tests/run.sh --test it status     arguments go to `cargo test` as they are
#
#   MANAGE_TEST_PG_URL=postgres://…   uses this server (a superuser's URL) and starts none
#   MANAGE_TEST_PG_BIN=DIR            uses the server programs in this folder
#   TMPDIR=DIR                        where tests write; in memory where it is not given and there is room
#   RUST_TEST_THREADS=N               so many tests at once; twice the cores where it is not given
#   INSTA_UPDATE=always               writes the snapshots in tests/snapshots anew; with CI set nothing is written
set -euo pipefail
unset CDPATH
cd "$(dirname "${BASH_SOURCE[0]}")/.."
postgres=$PWD/tests/support/postgres.sh

# Stops what the tests have left behind, too: a test that was killed cannot stop its own cluster.
finish() {
    local status=$? data
    trap - EXIT
    for data in "$folder"/*/data; do
        [ -d "$data" ] && "$postgres" stop "${data%/data}" || true
    done
    rm -rf "$folder" ${memory:+"$memory"}
    exit "$status"
}

# A folder whose sockets fit into the 107 bytes that the kernel allows and which others may enter.
make_folder() {
    local start
    # In memory the name is short, so that what is shown of the server is no longer than elsewhere.
    for start in ${memory:+/dev/shm/pg} "${TMPDIR:-/tmp}/manage-pg" /tmp/manage-pg; do
        [ ${#start} -le 70 ] || continue
        folder=$(mktemp -d "$start.XXXXXX") || continue
        chmod 755 "$folder"
        [ "$(id -u)" = 0 ] && ! reachable "$folder" || return 0
        rmdir "$folder"
    done
    echo 'tests/run.sh: neither $TMPDIR nor /tmp can hold a PostgreSQL cluster' >&2
    return 1
}

# Root gives the cluster to another user, who needs the right to enter every folder above it.
reachable() {
    local path=$1
    while [ "$path" != / ] && [ "$path" != . ]; do
        case $(ls -ld "$path/") in
            d????????[xt]*) ;;
            *) return 1 ;;
        esac
        path=$(dirname "$path")
    done
}

percent_encoded() {
    local LC_ALL=C text=$1 i char
    for ((i = 0; i < ${#text}; i++)); do
        char=${text:i:1}
        case $char in
            [A-Za-z0-9._-]) printf '%s' "$char" ;;
            *) printf '%%%02X' "'$char" ;;
        esac
    done
}

# Whether memory may hold what the tests write: it is far quicker than a disk, and small machines have too little of it.
roomy() {
    local free available
    [ -d /dev/shm ] && [ -w /dev/shm ] || return 1
    ! grep -qE ' /dev/shm [^ ]+ [^ ]*noexec' /proc/mounts || return 1
    free=$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')
    available=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
    [ "${free:-0}" -ge 8000000 ] && [ "${available:-0}" -ge 8000000 ]
}

memory=
if [ -z "${TMPDIR:-}" ] && roomy && memory=$(mktemp -d /dev/shm/manage-tests.XXXXXX); then
    chmod 1777 "$memory"
    export TMPDIR=$memory
fi
make_folder
trap finish EXIT
export MANAGE_TEST_PG_DIR=$folder
if [ -n "${MANAGE_TEST_PG_URL:-}" ]; then
    # The tests that kill the server or change its settings start their own; they say so where they cannot.
    if bin=$("$postgres" bin 2>/dev/null); then export MANAGE_TEST_PG_BIN=$bin; fi
else
    MANAGE_TEST_PG_BIN=$("$postgres" bin --install)
    export MANAGE_TEST_PG_BIN
    mkdir "$folder/shared"
    "$postgres" start "$folder/shared"
    MANAGE_TEST_PG_URL="postgres://postgres@$(percent_encoded "$folder/shared"):$(cat "$folder/shared/port")/postgres"
    export MANAGE_TEST_PG_URL
fi

# Backups on PostgreSQL are made by its own programs.
if [ -n "${MANAGE_TEST_PG_BIN:-}" ]; then export PATH=$MANAGE_TEST_PG_BIN:$PATH; fi

# A snapshot that differs is a failure, not a new file, unless it was asked for.
if [ -n "${CI:-}" ]; then INSTA_UPDATE=no; fi
export INSTA_UPDATE=${INSTA_UPDATE:-no}
if [ $# -eq 0 ]; then set -- --locked; fi
# Tests wait for the disk and for servers more than they compute.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$((2 * $(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)))}
# A run in the background ignores Ctrl-C, and so would the programs whose Ctrl-C is tested.
signals=
if env --default-signal=INT true 2>/dev/null; then signals='env --default-signal=INT,QUIT'; fi
# shellcheck disable=SC2086
$signals cargo test "$@"

#!/usr/bin/env bash
# Throw-away PostgreSQL clusters, for tests/run.sh and for the tests that need a server of their own.
#
#   postgres.sh bin [--install]   prints the folder of the server's programs; installs them on Debian if it may
#   postgres.sh start DIR         makes a cluster in DIR where there is none, starts it, leaves its port in DIR/port
#   postgres.sh stop DIR          stops it at once
#   postgres.sh kill DIR          kill -9
#
# DIR holds: data/, log, port, the socket; and, from the caller, before the first start:
#   settings.conf                 lines for postgresql.conf
#   hba.conf                      lines that come first in pg_hba.conf
#   files/*                       copied into data/, readable by the server only (keys and certificates)
#
# The server refuses to run as root, so root runs it as `postgres`, or as `nobody`.
set -euo pipefail
unset PGDATA PGHOST PGPORT PGUSER PGDATABASE PGPASSWORD PGSERVICE PGOPTIONS PGSSLMODE CDPATH

say() { printf 'postgres.sh: %s\n' "$*" >&2; }

owner() {
    if id -u postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

# Runs a command as somebody who may run a server.
as_owner() {
    if [ "$(id -u)" != 0 ]; then
        "$@"
        return
    fi
    local user uid gid
    user=$(owner)
    uid=$(id -u "$user")
    gid=$(id -g "$user")
    if setpriv --reuid="$uid" --regid="$gid" --clear-groups -- true 2>/dev/null; then
        setpriv --reuid="$uid" --regid="$gid" --clear-groups -- "$@"
    elif runuser -u "$user" -- true 2>/dev/null; then
        runuser -u "$user" -- "$@"
    else
        su -s /bin/sh -c "exec $(printf '%q ' "$@")" "$user"
    fi
}

# Whether a folder holds a server that the owner may run.
is_bin() {
    [ -n "$1" ] && [ -x "$1/initdb" ] && [ -x "$1/pg_ctl" ] && [ -x "$1/postgres" ] &&
        as_owner "$1/postgres" --version >/dev/null 2>&1
}

candidates() {
    local program
    [ -z "${MANAGE_TEST_PG_BIN:-}" ] || echo "$MANAGE_TEST_PG_BIN"
    if program=$(command -v initdb); then
        # A link in /usr/local/bin leads to the folder that holds pg_dump and psql too.
        dirname "$(readlink -f "$program" 2>/dev/null || echo "$program")"
    fi
    pg_config --bindir 2>/dev/null || true
    local folder
    for folder in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin \
        /usr/local/opt/postgresql*/bin /usr/lib/postgresql*/bin /usr/libexec/postgresql*; do
        # The number in the path decides: 9.6 < 15 < 16.
        [ -d "$folder" ] && printf '%s %s\n' "$(printf '%s' "$folder" | tr -cd '0-9.')" "$folder"
    done | sort -t. -k1,1nr -k2,2nr | cut -d' ' -f2-
    echo /usr/local/pgsql/bin
}

find_bin() {
    local folder
    while IFS= read -r folder; do
        if is_bin "$folder"; then
            echo "$folder"
            return 0
        fi
    done < <(candidates)
    return 1
}

install_server() {
    command -v apt-get >/dev/null || return 1
    local sudo=()
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || return 1
        sudo=(sudo -n)
    fi
    say 'no PostgreSQL here: installing the package postgresql'
    {
        "${sudo[@]}" apt-get update -q </dev/null || say 'apt-get update failed; trying with the lists that are there'
        "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql </dev/null
    } >&2
}

bin() {
    find_bin && return
    if [ "${1:-}" = --install ] && install_server && find_bin; then
        return
    fi
    say 'PostgreSQL is needed to run the tests, and there is none that could be used'
    say 'install its server (Debian: apt-get install postgresql · Fedora: dnf install postgresql-server · macOS: brew install postgresql),'
    say 'or name the folder of initdb in MANAGE_TEST_PG_BIN, or a running server in MANAGE_TEST_PG_URL'
    return 1
}

make_cluster() {
    local bin=$1 dir=$2 data=$2/data
    if ! as_owner "$bin/initdb" -D "$data" -U postgres -A trust --no-sync --locale=C --encoding=UTF8 >"$dir/initdb.log" 2>&1; then
        cat "$dir/initdb.log" >&2
        say "initdb failed in $dir"
        return 1
    fi
    {
        cat <<SETTINGS
unix_socket_directories = '$dir'
listen_addresses = '127.0.0.1'
max_connections = 200
fsync = off
full_page_writes = off
autovacuum = off
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
SETTINGS
        if [ -e "$dir/settings.conf" ]; then cat "$dir/settings.conf"; fi
    } >>"$data/postgresql.conf"
    {
        if [ -e "$dir/hba.conf" ]; then cat "$dir/hba.conf"; fi
        echo 'local all all trust'
        echo 'host all all 127.0.0.1/32 trust'
        echo 'local replication all trust'
    } >"$data/pg_hba.conf"
    local file
    for file in "$dir"/files/*; do
        [ -e "$file" ] || continue
        cp "$file" "$data/"
        chmod 600 "$data/${file##*/}"
        [ "$(id -u)" != 0 ] || chown "$(owner)" "$data/${file##*/}"
    done
}

start() {
    local dir=$1 bin port attempt
    bin=$(bin)
    [ "$(id -u)" != 0 ] || chown "$(owner)" "$dir"
    # The server's folder must not be one that its owner cannot enter.
    cd "$dir"
    [ -d data ] || make_cluster "$bin" "$dir"
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        if [ -e port ]; then
            port=$(cat port)
        else
            # Below the range from which the kernel gives ports to clients.
            port=$((12000 + (RANDOM + $$) % 20000))
        fi
        if as_owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -o "-p $port" -w -t 60 start </dev/null >"$dir/pg_ctl.log" 2>&1; then
            echo "$port" >port
            return 0
        fi
        # Somebody else may have the port; after kill -9 old sessions may hold the shared memory for a moment.
        grep -qE 'Address already in use|shared memory block|Is another postmaster' "$dir/log" 2>/dev/null || break
        if [ "$attempt" != 10 ]; then
            : >"$dir/log"
            sleep 0.3
        fi
    done
    cat "$dir/pg_ctl.log" "$dir/log" >&2 2>/dev/null || true
    say "PostgreSQL in $dir did not start"
    return 1
}

stop() {
    local bin
    [ -e "$1/data/postmaster.pid" ] || return 0
    bin=$(bin)
    cd "$1"
    as_owner "$bin/pg_ctl" -D "$1/data" -m immediate -w -t 30 stop </dev/null >/dev/null 2>&1 || true
}

kill_server() {
    local pid attempt
    pid=$(head -n 1 "$1/data/postmaster.pid")
    kill -9 "$pid"
    for ((attempt = 0; attempt < 200; attempt++)); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.01
    done
    # In a container nobody may collect the dead, and the next start would take it for a server that runs.
    if grep -q ') Z ' "/proc/$pid/stat" 2>/dev/null; then
        rm -f "$1/data/postmaster.pid"
    fi
}

case "${1:-}" in
    bin) bin "${2:-}" ;;
    start) start "$2" ;;
    stop) stop "$2" ;;
    kill) kill_server "$2" ;;
    *)
        say "use: postgres.sh bin [--install] | start DIR | stop DIR | kill DIR"
        exit 2
        ;;
esac

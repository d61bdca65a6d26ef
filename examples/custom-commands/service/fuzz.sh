#!/usr/bin/env bash
# Requests made from openapi.json by schemathesis (pip install schemathesis), against a service on a database of its own.
# Fails where an answer is a 5xx, or other than the document says.
#
#   fuzz.sh                                 on SQLite
#   DATABASE_URL=postgres://… fuzz.sh       on a PostgreSQL database, which is written to
#   fuzz.sh --max-examples 1000 --seed 7    arguments go to schemathesis
set -euo pipefail
unset CDPATH
cd "$(dirname "${BASH_SOURCE[0]}")"

folder=$(mktemp -d)
service=
finish() {
    [ -z "$service" ] || kill "$service" || true
    rm -rf "$folder"
}
trap finish EXIT

export DATABASE_URL=${DATABASE_URL:-sqlite:$folder/fuzzed.db}
export CUSTOM_COMMANDS_TOKEN=fuzz LISTEN=127.0.0.1:0
cargo build --quiet --locked --package custom-commands
program=${CARGO_TARGET_DIR:-../../../target}/debug/custom-commands
"$program" >"$folder/address" 2>"$folder/log" &
service=$!
until [ -s "$folder/address" ]; do
    kill -0 "$service" || { cat "$folder/log" >&2; exit 1; }
    sleep 0.1
done
address=$(sed 's/listening on //' "$folder/address")

cd "$folder"
# What is too large is refused for being too large, whatever else is wrong with it.
cat >schemathesis.toml <<END
[checks.negative_data_rejection]
expected-statuses = [401, 404, 405, 413, 415, 422]
END
# One after the other: what one request makes, another one running beside it may delete.
schemathesis run "$address/openapi.json" --header "Authorization: Bearer $CUSTOM_COMMANDS_TOKEN" --max-examples 200 "$@" ||
    { status=$?; grep -E 'ERROR|panicked' log | tail -n 20 >&2 || true; exit "$status"; }

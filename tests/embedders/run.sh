#!/usr/bin/env bash
# Builds and runs applications that embed manage in ways which this workspace's lock file has no room for.
# Their own lock files are committed; cargo fetches what they name, as it does for the workspace.
set -euo pipefail
unset CDPATH
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$(cd ../.. && pwd)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}/embedders

databases=$(mktemp -d)
trap 'rm -rf "$databases"' EXIT

cd older-rusqlite
tree=$(cargo tree --locked --edges normal,build --prefix none --format '{p}')
for unwanted in clap indicatif comfy-table anstyle nu-ansi-term; do
    if grep -q "^$unwanted " <<<"$tree"; then
        echo "tests/embedders: $unwanted is in the tree of an embedder" >&2
        exit 1
    fi
done
if [ "$(grep '^libsqlite3-sys ' <<<"$tree" | cut -d' ' -f1,2 | sort -u | wc -l)" != 1 ]; then
    echo 'tests/embedders: more than one libsqlite3-sys' >&2
    exit 1
fi
cargo run --locked --quiet -- "$databases"
echo "an embedder beside $(grep '^rusqlite ' <<<"$tree" | head -n 1) works"

#!/usr/bin/env bash
# Fuzzes the SQL splitter: any text, in both dialects, must be read without a panic, without a hang and without
# losing a byte (fuzz/targets). Three quarters of the time go to any text, one to short texts over and over.
#
#   scripts/fuzz-splitter.sh [SECONDS]     600 if not said
#
# Needs: cargo-fuzz (cargo install cargo-fuzz --locked) and a C++ compiler, for libFuzzer. No nightly toolchain:
# coverage without a sanitizer is built by stable Rust, and the library has no unsafe code for a sanitizer to watch.
#
# The corpus in fuzz/corpus grows with every run and is not committed; it begins with the SQL of this repository
# and with the texts of the splitter's tests. What makes the splitter fail is left in fuzz/artifacts, and the
# run ends with libFuzzer's code: take the text into a test in src/domain/sql, then mend it.
set -euo pipefail
unset CDPATH
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-600}

missing() {
    printf 'scripts/fuzz-splitter.sh: %s\n' "$1" >&2
    exit 2
}

case $seconds in
    '' | *[!0-9]*) missing "how many seconds? \`$seconds\` is no number" ;;
esac
[ "$seconds" -ge 4 ] || missing 'four seconds are the least'
cargo fuzz --version >/dev/null 2>&1 || missing 'needs cargo-fuzz: cargo install cargo-fuzz --locked'
command -v c++ >/dev/null || command -v "${CXX:-g++}" >/dev/null || missing 'needs a C++ compiler for libFuzzer: apt-get install g++'

# The versions of the product's own lock, and libFuzzer's beside them.
cp Cargo.lock fuzz/Cargo.lock

# Each file, and each piece of text between quotes in the splitter's tests, is a seed under the name of its content.
seeds=fuzz/corpus/split
mkdir -p "$seeds" fuzz/corpus/repeat
seed() {
    local name
    name=$(sha256sum | cut -c1-40)
    printf '%s' "$name"
}
find migrations examples tests -name '*.sql' -size -64k -print0 | while IFS= read -r -d '' file; do
    cp "$file" "$seeds/$(seed <"$file")"
done
# A literal of Rust per line, its escapes undone as far as printf knows them.
grep -hoE '"([^"\\]|\\.){3,}"' src/domain/sql/*tests.rs src/domain/sql/properties.rs tests/splitter/*.rs tests/safety/*.rs |
    sed -e 's/^"//' -e 's/"$//' -e 's/\\"/"/g' -e "s/\\\\'/'/g" | sort -u | while IFS= read -r literal; do
    text=$(printf '%b' "$literal")
    printf '%s' "$text" >"$seeds/$(printf '%s' "$text" | seed)"
    if [ ${#text} -le 8 ]; then printf '%s' "$text" >"fuzz/corpus/repeat/$(printf '%s' "$text" | seed)"; fi
done
printf '%s seeds\n' "$(find "$seeds" -type f | wc -l)" >&2

fuzz() {
    local target=$1 time=$2
    shift 2
    printf '\n%s: %s seconds\n' "$target" "$time" >&2
    cargo fuzz run --sanitizer none "$target" -- -max_total_time="$time" -dict=fuzz/words.dict -print_final_stats=1 "$@"
}

# Seconds for one text, which takes microseconds, or some hundredths of a second when it is repeated: enough for a
# busy machine.
fuzz split $((seconds * 3 / 4)) -max_len=4096 -timeout=5
fuzz repeat $((seconds - seconds * 3 / 4)) -max_len=24 -timeout=20
printf '\nnothing found in %s seconds\n' "$seconds" >&2

#!/bin/sh
# Fuzz the C library with clang's libFuzzer under ASan and UBSan: run.sh [SECONDS each, default 60] [CORPUS DIRECTORY]
# Fails on a crash, a wrong answer, or when the inputs did not reach the matcher.
set -eu
seconds=${1:-60}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for target in fuzz_match fuzz_open; do
    corpus=${2:-$work/corpus}/$target
    mkdir -p "$corpus"
    "${CLANG:-clang}" -std=c11 -g -O1 -ffp-contract=off -fno-sanitize-recover=all \
        -fsanitize=fuzzer,address,undefined -I"$root/include" -I"$root/src" -I"$root/tests/c" \
        "$root/tests/fuzz/$target.c" "$root/tests/c/oracle.c" "$root/tests/c/big.c" "$root"/src/*/*.c \
        -lm -o "$work/$target"
    cd "$work"
    if ! "./$target" -max_total_time="$seconds" -max_len=1024 -print_final_stats=1 "$corpus" >log 2>&1; then
        tail -40 log
        for found in crash-* leak-* timeout-* oom-*; do
            [ -e "$found" ] && cp "$found" "${TMPDIR:-/tmp}" && echo "input kept: ${TMPDIR:-/tmp}/$found"
        done
        exit 1
    fi
    grep -E 'stat::number_of_executed_units|^# ' log
    grep -Eq '^# .* [1-9][0-9]* matched$' log || { echo "no point was ever matched"; exit 1; }
done

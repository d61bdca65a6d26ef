#!/usr/bin/env bash
# As much of curl as the pages need, for machines without it: curl -s [-X METHOD] [-H HEADER]… [-d BODY] URL.
# The page's address is the one in SERVICE. A body in JSON needs its header, as with curl itself.
set -euo pipefail
method=GET body= headers=
while [ $# -gt 0 ]; do
    case $1 in
        -s) shift ;;
        -X) method=$2; shift 2 ;;
        -H) headers+="$2"$'\r\n'; shift 2 ;;
        -d) body=$2; shift 2 ;;
        http://127.0.0.1:8001/*) path=/${1#http://127.0.0.1:8001/}; shift ;;
        *) echo "not played: curl $1" >&2; exit 99 ;;
    esac
done
LC_ALL=C
length=${#body}
exec 3<>"/dev/tcp/${SERVICE%:*}/${SERVICE#*:}"
printf '%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%sContent-Length: %s\r\n\r\n%s' \
    "$method" "$path" "$SERVICE" "$headers" "$length" "$body" >&3
while IFS= read -r line <&3 && [ "$line" != $'\r' ]; do :; done
cat <&3

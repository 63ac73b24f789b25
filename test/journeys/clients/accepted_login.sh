#!/usr/bin/env bash
# Logs in with nothing but curl and sed, and opens a page: 202 (accepted, not finished), then the code, then the cookie.
#
#   PASSWORD=... accepted_login.sh GATEWAY USER PAGE
set -euo pipefail
gateway=$1 user=$2 page=$3
jar=$(mktemp)
trap 'rm -f "$jar"' EXIT

# The answer of a POST, and its status on a line of its own after it.
post() {
  curl -sS -b "$jar" -c "$jar" -w '\n%{http_code}\n' \
    -H 'Content-Type: application/json' -d "$2" "$gateway/auth/$1"
}
# A text member of an answer. Good enough for values without quotes, which these are.
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<< "$2"; }
status() { tail -n 1 <<< "$1"; }

answer=$(post login "{\"username\": \"$user\", \"password\": \"$PASSWORD\"}")
echo "login: $(status "$answer")"
if [ "$(status "$answer")" = 202 ]; then
  echo "key: $(member secret "$answer")"
  printf 'Code: '
  read -r code
  challenge=$(member challenge "$answer")
  answer=$(post mfa/verify "{\"challenge\": \"$challenge\", \"factor\": \"totp\", \"code\": \"$code\"}")
  echo
  echo "code: $(status "$answer") $(member reason "$answer")"
fi
[ "$(status "$answer")" = 200 ] || exit 1

open_page() { curl -sS -b "$jar" -o /dev/null -w '%{http_code}' "$gateway$page"; }
echo "page: $(open_page)"
echo "user: $(curl -sS -b "$jar" "$gateway/auth/session" | sed -n 's/.*"user":"\([^"]*\)".*/\1/p')"
answer=$(post logout '{}')
echo "logout: $(status "$answer")"
echo "page: $(open_page)"

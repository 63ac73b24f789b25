#!/usr/bin/env bash
# A calendar program that knows Basic and nothing else: makes a calendar, puts an event into it, lists and searches it.
#
#   calendar.sh URL USER PASSWORD
#
# URL is the user's folder. Writes the status of each step.
set -euo pipefail
url=$1 user=$2 password=$3

dav() { # STEP METHOD PATH [more words for curl]
  local step=$1 method=$2 path=$3
  shift 3
  printf '%s: ' "$step"
  curl -sS -o answer.xml -w '%{http_code}\n' -u "$user:$password" -X "$method" "$url$path" "$@"
}
xml=(-H 'Content-Type: application/xml; charset=utf-8')

dav mkcalendar MKCALENDAR diary/
dav put PUT diary/tea.ics -H 'Content-Type: text/calendar; charset=utf-8' --data-binary $'BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Some calendar//EN\r
BEGIN:VEVENT\r
UID:tea-1\r
DTSTAMP:20270115T080000Z\r
DTSTART:20270116T150000Z\r
DTEND:20270116T160000Z\r
SUMMARY:Tea with Bob\r
END:VEVENT\r
END:VCALENDAR\r
'
dav propfind PROPFIND diary/ -H 'Depth: 1' "${xml[@]}" \
  --data '<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>'
grep -c 'tea\.ics' answer.xml || true
dav report REPORT diary/ "${xml[@]}" \
  --data '<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
    <D:prop><C:calendar-data/></D:prop>
    <C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">
      <C:time-range start="20270116T000000Z" end="20270117T000000Z"/>
    </C:comp-filter></C:comp-filter></C:filter>
  </C:calendar-query>'
grep -c 'SUMMARY:Tea with Bob' answer.xml || true

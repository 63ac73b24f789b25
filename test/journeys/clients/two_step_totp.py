#!/usr/bin/env python3
"""Logs in with a password and a code from an authenticator app, and reads a page.

    PASSWORD=... two_step_totp.py GATEWAY USER PAGE

At the first login the QR code for the app is written to qr.svg. Needs nothing but Python.
"""

import http.cookiejar
import json
import os
import sys
import urllib.request

gateway, user, page = sys.argv[1:]
session = urllib.request.build_opener(
    urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
)


def post(path, body):
    request = urllib.request.Request(
        gateway + path,
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with session.open(request) as answer:
        return answer.status, json.load(answer)


# Step 1: user name and password.
status, answer = post("/auth/login", {"username": user, "password": os.environ["PASSWORD"]})

# Step 2: the code. 202 says that one is due.
if status == 202:
    if "enrolment" in answer:
        with open("qr.svg", "w", encoding="utf-8") as file:
            file.write(answer["enrolment"]["qr_svg"])
        print("Scan qr.svg with your authenticator app, or open", answer["enrolment"]["otpauth_uri"])
        print("or type the key:", answer["enrolment"]["secret"])
    code = input("Code: ")
    _, answer = post(
        "/auth/mfa/verify",
        {"challenge": answer["challenge"], "factor": "totp", "code": code},
    )
    for backup_code in answer.get("backup_codes", []):
        print("Keep this backup code:", backup_code)

# The cookie opens the app from now on.
print("Logged in as", answer["user"], "by", " ".join(answer["amr"]))
with session.open(urllib.request.Request(gateway + page, headers={"Accept": "application/json"})) as answer:
    print(answer.read().decode())

#!/usr/bin/env python3
"""A client of an API that looks at the claim mfa_verified, and the API's own check of it.

    PASSWORD=... mfa_claim.py GATEWAY USER

Needs PyJWT with cryptography. Writes what it saw, one line of JSON for each step.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request

import jwt

gateway, user = sys.argv[1:]
keys = jwt.PyJWKClient(gateway + "/auth/jwks.json")


def send(path, body=None, token=None):
    headers = {"Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if token is not None:
        headers["Authorization"] = "Bearer " + token
    request = urllib.request.Request(
        gateway + path, headers=headers, data=None if body is None else json.dumps(body).encode()
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer), answer.headers
    except urllib.error.HTTPError as answer:
        return answer.code, json.load(answer), answer.headers


def claims(token):
    """What an API does with a token before it believes anything in it (RFC 9068, section 4)."""
    if jwt.get_unverified_header(token)["typ"] != "at+jwt":
        raise jwt.InvalidTokenError("not an access token")
    return jwt.decode(
        token,
        keys.get_signing_key_from_jwt(token).key,
        algorithms=["ES256"],
        issuer=gateway,
        audience=gateway,
        options={"require": ["exp", "iat", "nbf", "jti", "sub", "sid", "auth_time"]},
    )


def tell(step, **seen):
    print(json.dumps({"step": step, **seen}), flush=True)


def visit(step, token):
    """Opens a route that the password is enough for, and one that wants the second factor."""
    reports, _, _ = send("/reports/month", token=token)
    refused, problem, headers = send("/orders", token=token)
    tell(step, reports=reports, orders=refused, reason=problem.get("reason"), hint=headers["WWW-Authenticate"])


def await_end(token):
    """Asks until it is refused some times in a row: every gateway of a house knows within a second."""
    refused, end = 0, time.monotonic() + 1
    while refused < 5 and time.monotonic() < end:
        refused = refused + 1 if send("/reports/month", token=token)[0] == 401 else 0


# The password alone: a token that says so.
status, first, _ = send(
    "/auth/login", {"username": user, "password": os.environ["PASSWORD"], "mode": "token"}
)
partial = first["access_token"]
tell("password", status=status, members=sorted(first), claims=claims(partial))
visit("partial", partial)

# The second factor: another token that says so.
print("Key:", first["enrolment"]["secret"])
code = input("Code: ")
print()
status, tokens, _ = send(
    "/auth/mfa/verify", {"challenge": first["challenge"], "factor": "totp", "code": code}
)
tell("code", status=status, members=sorted(tokens), claims=claims(tokens["access_token"]))
visit("full", tokens["access_token"])
await_end(partial)
visit("old", partial)

# An ID token says who it was. It is no access token, here and at the API.
visit("id_token", tokens["id_token"])
try:
    claims(tokens["id_token"])
except jwt.InvalidTokenError as error:
    tell("id_token at the API", refused=str(error))

# New tokens when the old one has run out.
status, fresh, _ = send("/auth/token/refresh", {"refresh_token": tokens["refresh_token"]})
tell("refresh", status=status, members=sorted(fresh), claims=claims(fresh["access_token"]))

# The end.
status, _, _ = send("/auth/logout", {}, token=fresh["access_token"])
tell("logout", status=status)
await_end(fresh["access_token"])
visit("over", fresh["access_token"])
status, problem, _ = send("/auth/token/refresh", {"refresh_token": fresh["refresh_token"]})
tell("refresh after it", status=status, reason=problem["reason"])

#!/usr/bin/env python3
"""A backend that authenticates its own users through the gateway: e-mail, then a text message, in one session.

    API_TOKEN=gh_... backend.py GATEWAY USER          both codes
    API_TOKEN=gh_... backend.py GATEWAY USER --link   a link by mail instead of the code

The API token has the scope "authenticate". Needs PyJWT with cryptography.
"""

import json
import os
import sys
import urllib.request

import jwt

gateway, user, *options = sys.argv[1:]


def post(path, body):
    request = urllib.request.Request(
        gateway + "/auth" + path,
        data=json.dumps(body).encode(),
        headers={
            "Content-Type": "application/json",
            "Authorization": "Bearer " + os.environ["API_TOKEN"],
        },
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def read_id_token(token):
    key = jwt.PyJWKClient(gateway + "/auth/jwks.json").get_signing_key_from_jwt(token).key
    return jwt.decode(token, key, algorithms=["ES256"], issuer=gateway, audience="gatehouse-client")


def tell(answer):
    claims = read_id_token(answer["id_token"])
    print(json.dumps({"session": answer["session_id"], "amr": claims["amr"], "sub": claims["sub"]}), flush=True)


if "--link" in options:
    # A link: whoever opens and confirms it elsewhere is shown a code, which is typed here.
    begun = post("/link/send", {"to": user})
    code = input("Code that the link shows: ")
    print()
    tell(post("/link/authenticate", {"id": begun["id"], "code": code}))
    sys.exit()

# The first authentication begins the session.
begun = post("/otp/send", {"channel": "email", "to": user})
code = input("Code from the mail: ")
print()
answer = post("/otp/authenticate", {"id": begun["id"], "code": code})
tell(answer)

# The second one is added to it.
begun = post("/otp/send", {"channel": "sms", "to": user})
code = input("Code from the text message: ")
print()
answer = post(
    "/otp/authenticate", {"id": begun["id"], "code": code, "session_id": answer["session_id"]}
)
tell(answer)
print("Access token:", answer["access_token"])

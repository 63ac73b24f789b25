#!/usr/bin/env python3
"""Gets into a page that it knows nothing of but the address: all the rest is in the answers.

    PASSWORD=... discovery.py PAGE USER

It was written from RFC 9457 (problem bodies), RFC 8288 and 8631 (links to descriptions) and OpenAPI 3.1, not from the
gateway's documentation. Needs nothing but Python.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

page, user = sys.argv[1:]


def send(url, method="GET", body=None, headers=()):
    request = urllib.request.Request(url, method=method, headers=dict(headers))
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read()


# 1. The page itself: not without a login, and it says where that is and where everything is described.
status, headers, content = send(page)
problem = json.loads(content)
print(status, headers["WWW-Authenticate"])
print(problem["detail"])
login_url = problem["login_url"]
[description_url] = re.findall(r'<([^>]+)>;[^,]*rel="service-desc"', headers["Link"])

# 2. The description.
description = json.loads(send(description_url)[2])
server = description["servers"][0]["url"]
print("OpenAPI", description["openapi"], "with", len(description["paths"]), "paths")


def resolve(schema):
    while "$ref" in schema:
        found = description
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def operations():
    for path, item in description["paths"].items():
        for method, operation in item.items():
            yield path, method.upper(), operation


def members(content_of):
    """Every member that a JSON body can have, by name."""
    schema = resolve(content_of.get("content", {}).get("application/json", {}).get("schema", {}))
    found = {}
    for part in schema.get("anyOf", [schema]):
        found.update(resolve(part).get("properties", {}))
    return found


# 3. The operation at the login address, with what it wants: a token, because this program keeps no cookies.
login_path = urllib.parse.urlparse(login_url).path
[(path, method, login)] = [
    (path, method, operation)
    for path, method, operation in operations()
    if path == login_path and "username" in members(operation.get("requestBody", {}))
]
body = {"username": user, "password": os.environ["PASSWORD"]}
for name, schema in members(login["requestBody"]).items():
    if "token" in schema.get("enum", []):
        body[name] = "token"
status, _, content = send(server + path, method, body)
print(path, status, login["responses"][str(status)]["description"])
answer = json.loads(content)

# 4. Not finished: the operation that takes what this answer names, and what only the user knows.
if status == 202:
    [(path, method, verify)] = [
        (path, method, operation)
        for path, method, operation in operations()
        if {"challenge", "factor", "code"} <= set(members(operation.get("requestBody", {})))
    ]
    code = input("%s: " % answer["factors"][0])
    print()
    body = {"challenge": answer["challenge"], "factor": answer["factors"][0], "code": code}
    status, _, content = send(server + path, method, body)
    print(path, status, verify["responses"][str(status)]["description"])
    answer = json.loads(content)

# 5. The page again, in the way that the description has for tokens.
[scheme] = [
    scheme["scheme"]
    for scheme in description["components"]["securitySchemes"].values()
    if scheme.get("scheme", "").lower() == answer["token_type"].lower()
]
status, _, content = send(page, headers={"Authorization": scheme.title() + " " + answer["access_token"]})
print(status, content.decode().splitlines()[0])

"""Verifies every DKIM signature of a message with dkimpy. `with_dkimpy.py RECORDS MESSAGE…`; RECORDS is JSON: name → TXT.

Prints JSON: for each message, [algorithm, whether it holds, signed fields] of each signature.
"""

import email
import json
import sys

import dkim

with open(sys.argv[1]) as file:
    records = json.load(file)


def dns(name, timeout=5):
    return records[name.decode().rstrip(".")].encode()


answers = []
for path in sys.argv[2:]:
    with open(path, "rb") as file:
        message = file.read()
    found = []
    for index, value in enumerate(email.message_from_bytes(message).get_all("DKIM-Signature", [])):
        tags = dict(tag.strip().split("=", 1) for tag in "".join(value.split()).split(";") if tag.strip())
        try:
            holds = dkim.DKIM(message, minkey=2048).verify(idx=index, dnsfunc=dns)
        except dkim.ValidationError:
            holds = False
        found.append([tags["a"], bool(holds), tags["h"].lower().split(":")])
    answers.append(found)
print(json.dumps(answers))

"""Reads messages with Python's own e-mail package and says what it saw, as JSON lines on standard output.

Usage: with_email.py FILE...
"""

import email
import email.policy
import json
import sys

for path in sys.argv[1:]:
    with open(path, "rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    parts = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
    sender = message["From"].addresses[0]
    reader = message["To"].addresses[0]
    defects = [repr(defect) for part in message.walk() for defect in part.defects]
    defects += [repr(defect) for header in message.values() for defect in getattr(header, "defects", [])]
    print(
        json.dumps(
            {
                "subject": message["Subject"],
                "from": [sender.display_name, sender.addr_spec],
                "to": [reader.display_name, reader.addr_spec],
                "list_id": str(message["List-Id"]),
                "type": message.get_content_type(),
                "text": parts["text/plain"],
                "html": parts["text/html"],
                "defects": defects,
            }
        )
    )

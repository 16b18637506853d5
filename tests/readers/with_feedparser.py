"""Reads each feed with feedparser and prints what it read, as JSON: {address: [[id, title, link, date], ...]}."""
import calendar
import json
import sys

import feedparser

read = {}
for address in sys.argv[1:]:
    feed = feedparser.parse(address)
    if feed.bozo:
        sys.exit(f"{address}: {feed.bozo_exception}")
    read[address] = [[e.id, e.title, e.link, calendar.timegm(e.published_parsed)] for e in feed.entries]
json.dump(read, sys.stdout)

"""Shows documents to the W3C feed validator (its folder in HERALD_TEST_FEEDVALIDATOR): arguments are pairs of address and
file. Prints what it says, one line each; nothing where it says nothing."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ["HERALD_TEST_FEEDVALIDATOR"], "src"))
import feedvalidator
from feedvalidator import compatibility
from feedvalidator.formatter.text_plain import Formatter

pairs = sys.argv[1:]
for address, path in zip(pairs[::2], pairs[1::2]):
    with open(path, "rb") as document:
        events = feedvalidator.validateString(document.read(), firstOccurrenceOnly=1, fallback="utf-8", base=address)
    for line in Formatter(compatibility.AA(events["loggedEvents"])):
        print(f"{address}: {line}")

-- What was found when an edition was looked at before it goes out, as JSON; with what staff decided about it.
ALTER TABLE editions ADD COLUMN findings TEXT NOT NULL DEFAULT '[]';

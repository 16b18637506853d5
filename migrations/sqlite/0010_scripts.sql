-- Versions of articles in another script: which article is made from which, whether the newsroom wants it now, and the
-- original's revision that it says.
CREATE TABLE scripts (
    article  TEXT PRIMARY KEY,
    original TEXT NOT NULL UNIQUE,
    language TEXT NOT NULL,
    offered  INTEGER NOT NULL,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

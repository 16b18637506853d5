-- Who may act on editions. key: the name as two spellings of it are one. token: SHA-256 of the token, which nobody keeps.
-- wrong, wrong_at: tokens that were not theirs, in a row. removed_at: the account is closed; its name and address stay its own,
-- so that nobody approves under a second name what they made under the first.
CREATE TABLE staff (
    id         INTEGER PRIMARY KEY,
    key        TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    address    TEXT NOT NULL UNIQUE,
    mailbox    TEXT NOT NULL,
    role       TEXT NOT NULL,
    language   TEXT,
    token      TEXT,
    wrong      INTEGER NOT NULL DEFAULT 0,
    wrong_at   INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    removed_at INTEGER
) STRICT;

-- needs: so many people must approve it before it goes. approved_at: since when they have; a correction takes that back.
-- asked_at: since when those who may approve it know that it waits for them.
ALTER TABLE editions ADD COLUMN needs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE editions ADD COLUMN approved_at INTEGER;
ALTER TABLE editions ADD COLUMN asked_at INTEGER;
CREATE INDEX editions_approval ON editions (id) WHERE needs > 0 AND state NOT IN ('done', 'cancelled');

-- One person's approval of one edition. hash: of what was frozen. alone: the reason for which an admin sent it alone.
-- signature: HMAC by the keyring's key over all of it.
CREATE TABLE approvals (
    edition   INTEGER NOT NULL,
    staff     INTEGER NOT NULL,
    hash      TEXT NOT NULL,
    at        INTEGER NOT NULL,
    alone     TEXT,
    signature TEXT NOT NULL,
    PRIMARY KEY (edition, staff)
) STRICT, WITHOUT ROWID;

-- Who did what, and why. edition: where it is about one.
CREATE TABLE acts (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    edition INTEGER,
    who     TEXT NOT NULL,
    what    TEXT NOT NULL,
    why     TEXT
) STRICT;
CREATE INDEX acts_edition ON acts (edition) WHERE edition IS NOT NULL;

-- What went wrong and has not been mended. raised_at: since when it is an alarm. over_at: it is over, but not everybody has
-- heard. called, cleared: whether the webhook has taken the alarm, and its end.
CREATE TABLE alarms (
    cause     TEXT PRIMARY KEY,
    words     TEXT NOT NULL,
    edition   INTEGER,
    seen_at   INTEGER NOT NULL,
    raised_at INTEGER,
    over_at   INTEGER,
    called    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

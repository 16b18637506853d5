-- Single mails of the house to one person: confirmations, approvals, alarms. word: of their Message-ID. state: 0 waiting,
-- 1 being handed over, 4 refused for good, its text gone. What was handed over is not kept. next_at: not before; while
-- being handed over, when the lease ends.
CREATE TABLE system_mails (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    address    TEXT NOT NULL,
    name       TEXT,
    language   TEXT NOT NULL,
    subject    TEXT NOT NULL,
    text       TEXT NOT NULL,
    html       TEXT,
    word       TEXT NOT NULL,
    state      INTEGER NOT NULL DEFAULT 0,
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    line       TEXT
) STRICT;
CREATE INDEX system_mails_waiting ON system_mails (next_at) WHERE state < 4;

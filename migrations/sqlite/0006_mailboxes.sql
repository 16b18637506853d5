-- How far a mailbox has been read: everything up to uid is done with. On an IMAP server that is a message's number, and
-- validity names the numbering (RFC 3501, section 2.3.1.1); of a Maildir it is the time of a file in nanoseconds, and validity is 0.
CREATE TABLE mailboxes (
    name     TEXT PRIMARY KEY,
    validity INTEGER NOT NULL,
    uid      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

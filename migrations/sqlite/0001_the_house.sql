-- Instants are microseconds since 1970, UTC. Ids of articles and stories are UUIDs as text.

CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('public_seq', 0), ('wishes', 0), ('fill', 0), ('answers', 0);

CREATE TABLE keyring (
    id     INTEGER PRIMARY KEY,
    secret BLOB NOT NULL
) STRICT;

-- Where articles come from. first_read_at: when its first whole read was done; what it brought then is archive.
CREATE TABLE sources (
    name          TEXT PRIMARY KEY,
    first_read_at INTEGER,
    last_read_at  INTEGER
) STRICT, WITHOUT ROWID;

-- What a folder held at the last read, so that an unchanged file costs nothing. fingerprint: size and time of the
-- file and of what it was read with. hash: of its bytes. named: its front matter says whose text it is. uses: the other
-- files it was made with, and those it looked for in vain, as JSON, each with size and time. unsettled: it names an
-- article that was not there; it is read again when one arrives.
CREATE TABLE files (
    source      TEXT NOT NULL,
    path        TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    hash        TEXT NOT NULL,
    article     TEXT,
    named       INTEGER NOT NULL DEFAULT 0,
    faults      TEXT,
    uses        TEXT,
    unsettled   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (source, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX files_article ON files (article) WHERE article IS NOT NULL;

CREATE TABLE origins (
    source  TEXT NOT NULL,
    key     TEXT NOT NULL,
    article TEXT NOT NULL,
    PRIMARY KEY (source, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX origins_article ON origins (article);

-- What makes articles of a source one story (store/articles/stories.rs): a translation key, or a place in its folder.
-- explicit: it was written; otherwise it is only where the file lies.
CREATE TABLE ties (
    source   TEXT NOT NULL,
    tie      TEXT NOT NULL,
    article  TEXT NOT NULL,
    explicit INTEGER NOT NULL,
    PRIMARY KEY (source, tie, article)
) STRICT, WITHOUT ROWID;
CREATE INDEX ties_article ON ties (article);

-- due_at: while it is held back, the instant at which it may go public; NULL for a draft, and for what is public or
-- gone. public_seq: its place in the one sequence of going public; public means "has one, and is not removed".
-- archive: it came with its source's first read. removed: since when it is gone, or held back again.
CREATE TABLE articles (
    id         TEXT PRIMARY KEY,
    story      TEXT NOT NULL,
    source     TEXT NOT NULL,
    guid       TEXT,
    slug       TEXT NOT NULL,
    language   TEXT NOT NULL,
    published  INTEGER NOT NULL,
    updated    INTEGER NOT NULL,
    due_at     INTEGER,
    public_seq INTEGER UNIQUE,
    public_at  INTEGER,
    archive    INTEGER NOT NULL DEFAULT 0,
    withdrawn  INTEGER,
    removed    INTEGER,
    revision   INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    UNIQUE (language, slug)
) STRICT, WITHOUT ROWID;
CREATE INDEX articles_story ON articles (story);
CREATE INDEX articles_due ON articles (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX articles_guid ON articles (guid) WHERE guid IS NOT NULL;
CREATE INDEX articles_updated ON articles (updated) WHERE public_seq IS NOT NULL;
CREATE INDEX articles_newest ON articles (language, updated, public_seq) WHERE public_seq IS NOT NULL;
CREATE INDEX articles_withdrawn ON articles (withdrawn) WHERE withdrawn IS NOT NULL;
CREATE INDEX articles_published ON articles (language, published) WHERE public_seq IS NOT NULL;

CREATE TABLE article_topics (
    topic   TEXT NOT NULL,
    article TEXT NOT NULL,
    PRIMARY KEY (topic, article)
) STRICT, WITHOUT ROWID;
CREATE INDEX article_topics_article ON article_topics (article);

-- Which article uses which file in `[site] media`: a file is served while one of its articles is public.
CREATE TABLE media (
    name    TEXT NOT NULL,
    article TEXT NOT NULL,
    PRIMARY KEY (name, article)
) STRICT, WITHOUT ROWID;

-- One state of an article; content is article::Content as JSON, updated what it had as `updated` then.
CREATE TABLE revisions (
    id      INTEGER PRIMARY KEY,
    article TEXT NOT NULL,
    number  INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    hash    TEXT NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (article, number)
) STRICT;

CREATE TABLE lists (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    fingerprint TEXT
) STRICT;

-- address: Address::key, what makes it one mailbox. mailbox: as written. chosen: what they decided
-- for themselves (audience::Choices as JSON); it wins over any file. AUTOINCREMENT: the number of a
-- person who was forgotten never becomes another's, since links in old mails name it.
CREATE TABLE subscribers (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    address    TEXT NOT NULL UNIQUE,
    mailbox    TEXT NOT NULL,
    name       TEXT,
    language   TEXT,
    timezone   TEXT,
    topics     TEXT,
    extra      TEXT NOT NULL DEFAULT '{}',
    chosen     TEXT,
    created_at INTEGER NOT NULL
) STRICT;

-- status: active, unconfirmed, left; left is kept, so that no file brings them back. decided_by: file, staff, self.
-- newsletters: JSON array of names, NULL for all of the list's.
CREATE TABLE memberships (
    list           INTEGER NOT NULL,
    subscriber     INTEGER NOT NULL,
    status         TEXT NOT NULL,
    decided_by     TEXT NOT NULL,
    newsletters    TEXT,
    consent_at     INTEGER,
    consent_source TEXT,
    joined_at      INTEGER NOT NULL,
    left_at        INTEGER,
    PRIMARY KEY (list, subscriber)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_subscriber ON memberships (subscriber);

-- Who left which newsletter, by their own decision: how is one-click, page or preferences.
CREATE TABLE departures (
    subscriber INTEGER NOT NULL,
    newsletter INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    how        TEXT NOT NULL,
    PRIMARY KEY (subscriber, newsletter)
) STRICT, WITHOUT ROWID;

-- Addresses that must not be written to. hash: keyed, survives being forgotten; address: until then.
-- reason: left (everything), complained, bounced, staff, forgotten.
CREATE TABLE suppressions (
    hash    TEXT PRIMARY KEY,
    address TEXT UNIQUE,
    reason  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    note    TEXT
) STRICT, WITHOUT ROWID;

-- known_since: when Herald first knew of it. last_seq: what went public up to here has been looked at.
-- last_slot: the last slot for which an edition was made or decided against. waiting: stories that some
-- languages have yet to get (missing = "wait:…"), as JSON.
CREATE TABLE newsletters (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    known_since INTEGER NOT NULL,
    known_seq   INTEGER NOT NULL,
    last_seq    INTEGER,
    last_slot   INTEGER,
    waiting     TEXT NOT NULL DEFAULT '[]'
) STRICT;

-- state: held, queued, sending, paused, done, cancelled. settings: what it was made with, as JSON.
-- filled_to: deliveries exist for subscribers up to here; filled: for all. recipients: how many were made.
-- halted: refusals among its first copies have stopped it, which they do once.
-- audience_upto: who was taken in after this subscriber is not in it. seen_revision: corrections and retractions up to this revision are known to whoever let it go on.
CREATE TABLE editions (
    id          INTEGER PRIMARY KEY,
    newsletter  INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    state       TEXT NOT NULL,
    reason      TEXT,
    made_by     TEXT NOT NULL,
    slot_at     INTEGER,
    composed_at INTEGER NOT NULL,
    start_at    INTEGER NOT NULL,
    finished_at INTEGER,
    first       INTEGER NOT NULL DEFAULT 0,
    subject     TEXT NOT NULL,
    settings    TEXT NOT NULL,
    hash        TEXT NOT NULL,
    filled_to   INTEGER NOT NULL DEFAULT 0,
    filled      INTEGER NOT NULL DEFAULT 0,
    recipients    INTEGER NOT NULL DEFAULT 0,
    halted        INTEGER NOT NULL DEFAULT 0,
    seen_revision INTEGER NOT NULL DEFAULT 0,
    audience_upto INTEGER NOT NULL,
    UNIQUE (newsletter, number)
) STRICT;
CREATE INDEX editions_open ON editions (state) WHERE state IN ('queued', 'sending');

-- The frozen choice: at each position one story, in each language one revision of it.
CREATE TABLE edition_articles (
    edition  INTEGER NOT NULL,
    language TEXT NOT NULL,
    position INTEGER NOT NULL,
    story    TEXT NOT NULL,
    article  TEXT NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (edition, language, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX edition_articles_story ON edition_articles (story);

-- One rendering a language: mail::splice::Rendering as JSON.
CREATE TABLE edition_variants (
    edition   INTEGER NOT NULL,
    number    INTEGER NOT NULL,
    language  TEXT NOT NULL,
    subject   TEXT NOT NULL,
    rendering TEXT NOT NULL,
    PRIMARY KEY (edition, number)
) STRICT, WITHOUT ROWID;

-- One copy of one edition for one subscriber. state: 0 queued, 1 sending, 2 sent, 3 deferred, 4 failed,
-- 5 suppressed, 6 cancelled, 7 unknown. choice: bit n is the story at position n. next_at: not before;
-- while sending, when the lease ends; unknown and held for staff: the end of time. lost: how often it became unknown.
CREATE TABLE deliveries (
    edition    INTEGER NOT NULL,
    subscriber INTEGER NOT NULL,
    variant    INTEGER NOT NULL,
    choice     INTEGER NOT NULL,
    state      INTEGER NOT NULL DEFAULT 0,
    attempts   INTEGER NOT NULL DEFAULT 0,
    lost       INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL DEFAULT 0,
    at         INTEGER,
    code       INTEGER,
    enhanced   TEXT,
    line       TEXT,
    PRIMARY KEY (edition, subscriber)
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_waiting ON deliveries (edition, next_at) WHERE state IN (0, 1, 3, 7);

-- What came back to the return path and was no answer of a machine. hash: of what makes it this report, so that it counts
-- once. edition, subscriber: whose copy it is about, where a token of ours says so. about: person, message, us, relay.
-- done: suppressed, complained, kept. raw: its beginning, for staff.
CREATE TABLE returns (
    id         INTEGER PRIMARY KEY,
    hash       TEXT NOT NULL UNIQUE,
    at         INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    edition    INTEGER,
    subscriber INTEGER,
    about      TEXT,
    lasting    INTEGER NOT NULL DEFAULT 0,
    code       INTEGER,
    enhanced   TEXT,
    line       TEXT NOT NULL,
    done       TEXT NOT NULL,
    raw        TEXT NOT NULL
) STRICT;
CREATE INDEX returns_delivery ON returns (subscriber, edition);
CREATE INDEX returns_strangers ON returns (id) WHERE subscriber IS NULL;

-- WebSub. A topic is one of our documents (`news.rss`): version rises with each change of its bytes, whose mark is tag.
CREATE TABLE hub_topics (
    name    TEXT PRIMARY KEY,
    tag     TEXT NOT NULL,
    version INTEGER NOT NULL,
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who is told of a topic. kind: 0 a subscriber, who gets the document; 1 a hub elsewhere, which is pinged (no lease). have: the
-- version that they were last told of; who is behind is told from next_at on. failing_since, said: what became of it.
CREATE TABLE hub_subscribers (
    id            INTEGER PRIMARY KEY,
    topic         TEXT NOT NULL,
    callback      TEXT NOT NULL,
    kind          INTEGER NOT NULL,
    secret        TEXT,
    lease_until   INTEGER,
    have          INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    next_at       INTEGER NOT NULL DEFAULT 0,
    failing_since INTEGER,
    created_at    INTEGER NOT NULL,
    told_at       INTEGER,
    said          TEXT,
    UNIQUE (topic, callback)
) STRICT;
CREATE INDEX hub_subscribers_behind ON hub_subscribers (topic, have, next_at);
CREATE INDEX hub_subscribers_lease ON hub_subscribers (lease_until) WHERE lease_until IS NOT NULL;

-- What was asked of the hub, until the callback has said that it means it.
CREATE TABLE hub_requests (
    id       INTEGER PRIMARY KEY,
    mode     TEXT NOT NULL,
    topic    TEXT NOT NULL,
    callback TEXT NOT NULL,
    secret   TEXT,
    lease    INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at  INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    UNIQUE (topic, callback)
) STRICT;
CREATE INDEX hub_requests_due ON hub_requests (next_at);

-- What was told of, a row for each version of a topic and one for each call of `[site] purge`; kept for 30 days.
CREATE TABLE hub_pings (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    topic   TEXT NOT NULL,
    version INTEGER NOT NULL,
    told    INTEGER NOT NULL DEFAULT 0,
    failed  INTEGER NOT NULL DEFAULT 0,
    said    TEXT
) STRICT;
CREATE INDEX hub_pings_at ON hub_pings (at);
CREATE INDEX hub_pings_topic ON hub_pings (topic, version);

-- An address that an article had before: it leads to the one that it has now.
CREATE TABLE former_slugs (
    language TEXT NOT NULL,
    slug     TEXT NOT NULL,
    article  TEXT NOT NULL,
    PRIMARY KEY (language, slug)
) STRICT, WITHOUT ROWID;

-- Who asked for which document on a day of the newsroom's: by the kind of program, never by address. bytes: sent; saved: by 304 and
-- by compression. subscribers: the highest number that a hosted reader said it reads for.
CREATE TABLE readers (
    day          TEXT NOT NULL,
    topic        TEXT NOT NULL,
    agent        TEXT NOT NULL,
    requests     INTEGER NOT NULL,
    not_modified INTEGER NOT NULL,
    bytes        INTEGER NOT NULL,
    saved        INTEGER NOT NULL,
    subscribers  INTEGER NOT NULL,
    PRIMARY KEY (day, topic, agent)
) STRICT, WITHOUT ROWID;
CREATE INDEX former_slugs_article ON former_slugs (article);
CREATE INDEX articles_removed ON articles (removed) WHERE removed IS NOT NULL;
CREATE INDEX media_article ON media (article);

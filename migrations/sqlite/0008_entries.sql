-- The feeds and what stands in each, so that a look that finds one new article costs that article and no more.
-- selection: what entries were chosen by, as JSON; NULL: not kept up to date. reached: while entries are chosen anew, the
-- number of going public up to which that is done. last: the highest number given. version: rises with every change of
-- what the feed shows. topic: of a feed that was made for a topic without configuration, what for, as JSON.
CREATE TABLE feeds (
    id        INTEGER PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE,
    selection TEXT,
    reached   INTEGER,
    last      INTEGER NOT NULL DEFAULT 0,
    version   INTEGER NOT NULL DEFAULT 0,
    topic     TEXT
) STRICT;

-- number: counted from the oldest, given once; archive documents are cut by it (RFC 5005). updated: the article's; NULL
-- while the article does not stand in the feed.
CREATE TABLE feed_entries (
    feed    INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    article TEXT NOT NULL,
    updated INTEGER,
    PRIMARY KEY (feed, number)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX feed_entries_article ON feed_entries (article, feed);
CREATE INDEX feed_entries_newest ON feed_entries (feed, updated) WHERE updated IS NOT NULL;

-- Archive documents: the feed's version in which each last changed.
CREATE TABLE feed_pages (
    feed    INTEGER NOT NULL,
    page    INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (feed, page)
) STRICT, WITHOUT ROWID;

-- Stories of which something changed that feeds show; store/feeds/entries.rs takes them out.
CREATE TABLE feed_changes (
    id    INTEGER PRIMARY KEY,
    story TEXT NOT NULL
) STRICT;

CREATE TRIGGER articles_come AFTER INSERT ON articles WHEN NEW.public_seq IS NOT NULL
BEGIN
    INSERT INTO feed_changes (story) VALUES (NEW.story);
END;
CREATE TRIGGER articles_change AFTER UPDATE ON articles
WHEN (OLD.public_seq IS NOT NULL OR NEW.public_seq IS NOT NULL) AND (
    OLD.public_seq IS NOT NEW.public_seq OR OLD.public_at IS NOT NEW.public_at OR OLD.removed IS NOT NEW.removed
    OR OLD.revision <> NEW.revision OR OLD.updated <> NEW.updated OR OLD.published <> NEW.published
    OR OLD.withdrawn IS NOT NEW.withdrawn OR OLD.story <> NEW.story OR OLD.language <> NEW.language
    OR OLD.slug <> NEW.slug OR OLD.guid IS NOT NEW.guid OR OLD.source <> NEW.source)
BEGIN
    INSERT INTO feed_changes (story) VALUES (NEW.story);
    INSERT INTO feed_changes (story) SELECT OLD.story WHERE OLD.story <> NEW.story;
END;
INSERT INTO counters (name, value) VALUES ('feeds', 0);

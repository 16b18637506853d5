-- What pages show was touched, in order: from this the static copy knows which pages to make anew (web/copy.rs). Triggers
-- write it, so that no way in which an article changes can be forgotten. kind: page (an article that is or was public; name
-- is its slug; counts: lists and counts differ too), story (the one it left), topic (it got or lost it), media (a file it
-- shows no more). Old rows are let go (`touched_from`: what was below that is not all here).
CREATE TABLE touched (
    n         INTEGER PRIMARY KEY AUTOINCREMENT,
    kind      TEXT NOT NULL,
    name      TEXT NOT NULL,
    article   TEXT NOT NULL,
    language  TEXT NOT NULL DEFAULT '',
    published INTEGER NOT NULL DEFAULT 0,
    counts    INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO counters (name, value) VALUES ('touched_from', 0);

CREATE TRIGGER articles_touched AFTER UPDATE ON articles
WHEN OLD.public_seq IS NOT NULL OR NEW.public_seq IS NOT NULL
BEGIN
    INSERT INTO touched (kind, name, article, language, published, counts)
    SELECT 'page', OLD.slug, OLD.id, OLD.language, OLD.published, 1
    WHERE OLD.public_seq IS NOT NULL
        AND (OLD.slug <> NEW.slug OR OLD.language <> NEW.language OR OLD.published <> NEW.published);
    INSERT INTO touched (kind, name, article, language, published, counts)
    VALUES ('page', NEW.slug, NEW.id, NEW.language, NEW.published,
        (OLD.public_seq IS NULL) <> (NEW.public_seq IS NULL) OR (OLD.removed IS NULL) <> (NEW.removed IS NULL)
        OR OLD.slug <> NEW.slug OR OLD.language <> NEW.language OR OLD.published <> NEW.published);
    INSERT INTO touched (kind, name, article) SELECT 'story', OLD.story, OLD.id WHERE OLD.story <> NEW.story;
END;
CREATE TRIGGER articles_arrived AFTER INSERT ON articles WHEN NEW.public_seq IS NOT NULL
BEGIN
    INSERT INTO touched (kind, name, article, language, published, counts)
    VALUES ('page', NEW.slug, NEW.id, NEW.language, NEW.published, 1);
END;
CREATE TRIGGER articles_left AFTER DELETE ON articles WHEN OLD.public_seq IS NOT NULL
BEGIN
    INSERT INTO touched (kind, name, article, language, published, counts)
    VALUES ('page', OLD.slug, OLD.id, OLD.language, OLD.published, 1);
    INSERT INTO touched (kind, name, article) VALUES ('story', OLD.story, OLD.id);
END;
CREATE TRIGGER topics_touched AFTER INSERT ON article_topics
WHEN EXISTS (SELECT 1 FROM articles a WHERE a.id = NEW.article AND a.public_seq IS NOT NULL)
BEGIN
    INSERT INTO touched (kind, name, article) VALUES ('topic', NEW.topic, NEW.article);
END;
CREATE TRIGGER topics_left AFTER DELETE ON article_topics
WHEN NOT EXISTS (SELECT 1 FROM articles a WHERE a.id = OLD.article AND a.public_seq IS NULL)
BEGIN
    INSERT INTO touched (kind, name, article) VALUES ('topic', OLD.topic, OLD.article);
END;
CREATE TRIGGER media_left AFTER DELETE ON media
BEGIN
    INSERT INTO touched (kind, name, article) VALUES ('media', OLD.name, OLD.article);
END;
-- Counts for the archive and the newest of a language, from the index alone.
CREATE INDEX articles_shown ON articles (language, published, public_seq, removed)
    WHERE public_seq IS NOT NULL AND removed IS NULL;
-- Files that name an article which is not there.
CREATE INDEX files_waiting ON files (source) WHERE unsettled = 1;

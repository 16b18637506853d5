-- What the search finds words in: store/search.rs. Words are folded by article::fold, so the tokenizer has only to split at spaces.

-- Public articles whose words have to be looked at again: the triggers below put them here, whoever changed them.
CREATE TABLE search_waiting (
    article TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- id: language, second of publication and a number, so that its order is the order in which results stand.
CREATE TABLE search_documents (
    id      INTEGER PRIMARY KEY,
    article TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE search_languages (
    id       INTEGER PRIMARY KEY,
    language TEXT NOT NULL UNIQUE
) STRICT;

CREATE VIRTUAL TABLE search_words USING fts5 (
    title, summary, body, topics,
    content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0', prefix = '2 3'
);

CREATE TRIGGER search_changed AFTER UPDATE OF revision, public_seq, removed, language, slug, published, story ON articles
WHEN NEW.public_seq IS NOT NULL AND (OLD.public_seq IS NOT NEW.public_seq OR OLD.removed IS NOT NEW.removed
    OR OLD.revision <> NEW.revision OR OLD.language <> NEW.language OR OLD.slug <> NEW.slug
    OR OLD.published <> NEW.published OR OLD.story <> NEW.story)
BEGIN
    INSERT INTO search_waiting (article) VALUES (NEW.id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER search_gone AFTER DELETE ON articles WHEN OLD.public_seq IS NOT NULL
BEGIN
    INSERT INTO search_waiting (article) VALUES (OLD.id) ON CONFLICT DO NOTHING;
END;

-- How often something public has changed: what is kept ready of it asks this.
INSERT INTO counters (name, value) VALUES ('search', 0);
INSERT INTO search_waiting (article) SELECT id FROM articles WHERE public_seq IS NOT NULL AND removed IS NULL;

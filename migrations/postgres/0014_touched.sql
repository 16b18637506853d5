-- What pages show was touched, in order: from this the static copy knows which pages to make anew (web/copy.rs). Triggers
-- write it, so that no way in which an article changes can be forgotten. kind: page (an article that is or was public; name
-- is its slug; counts: lists and counts differ too), story (the one it left), topic (it got or lost it), media (a file it
-- shows no more). Old rows are let go (`touched_from`: what was below that is not all here). n is the transaction's
-- number: what is below the lowest one at work is all there is to see, which a sequence could not promise.
CREATE TABLE touched (
    n         BIGINT NOT NULL DEFAULT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT),
    kind      TEXT NOT NULL,
    name      TEXT NOT NULL,
    article   TEXT NOT NULL,
    language  TEXT NOT NULL DEFAULT '',
    published BIGINT NOT NULL DEFAULT 0,
    counts    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX touched_n ON touched (n);
INSERT INTO counters (name, value) VALUES ('touched_from', 0);

CREATE FUNCTION article_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.public_seq IS NOT NULL THEN
            INSERT INTO touched (kind, name, article, language, published, counts)
            VALUES ('page', NEW.slug, NEW.id, NEW.language, NEW.published, 1);
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF OLD.public_seq IS NOT NULL THEN
            INSERT INTO touched (kind, name, article, language, published, counts)
            VALUES ('page', OLD.slug, OLD.id, OLD.language, OLD.published, 1);
            INSERT INTO touched (kind, name, article) VALUES ('story', OLD.story, OLD.id);
        END IF;
    ELSIF OLD.public_seq IS NOT NULL OR NEW.public_seq IS NOT NULL THEN
        IF OLD.public_seq IS NOT NULL AND (OLD.slug, OLD.language, OLD.published) <> (NEW.slug, NEW.language, NEW.published) THEN
            INSERT INTO touched (kind, name, article, language, published, counts)
            VALUES ('page', OLD.slug, OLD.id, OLD.language, OLD.published, 1);
        END IF;
        INSERT INTO touched (kind, name, article, language, published, counts)
        VALUES ('page', NEW.slug, NEW.id, NEW.language, NEW.published, CASE WHEN
            (OLD.public_seq IS NULL) <> (NEW.public_seq IS NULL) OR (OLD.removed IS NULL) <> (NEW.removed IS NULL)
            OR (OLD.slug, OLD.language, OLD.published) <> (NEW.slug, NEW.language, NEW.published) THEN 1 ELSE 0 END);
        IF OLD.story <> NEW.story THEN
            INSERT INTO touched (kind, name, article) VALUES ('story', OLD.story, OLD.id);
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER articles_touched AFTER INSERT OR UPDATE OR DELETE ON articles
    FOR EACH ROW EXECUTE FUNCTION article_touched();

CREATE FUNCTION topic_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO touched (kind, name, article) SELECT 'topic', NEW.topic, NEW.article
        WHERE EXISTS (SELECT 1 FROM articles a WHERE a.id = NEW.article AND a.public_seq IS NOT NULL);
    ELSE
        INSERT INTO touched (kind, name, article) SELECT 'topic', OLD.topic, OLD.article
        WHERE NOT EXISTS (SELECT 1 FROM articles a WHERE a.id = OLD.article AND a.public_seq IS NULL);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER topics_touched AFTER INSERT OR DELETE ON article_topics FOR EACH ROW EXECUTE FUNCTION topic_touched();

CREATE FUNCTION media_left() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO touched (kind, name, article) VALUES ('media', OLD.name, OLD.article);
    RETURN NULL;
END $$;
CREATE TRIGGER media_left AFTER DELETE ON media FOR EACH ROW EXECUTE FUNCTION media_left();
-- Counts for the archive and the newest of a language, from the index alone.
CREATE INDEX articles_shown ON articles (language, published, public_seq, removed)
    WHERE public_seq IS NOT NULL AND removed IS NULL;
-- Files that name an article which is not there.
CREATE INDEX files_waiting ON files (source) WHERE unsettled = 1;

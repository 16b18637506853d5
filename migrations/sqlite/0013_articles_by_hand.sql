-- What staff decided about an article, over what its source says: article::Decided as JSON. expunged: since when nothing of it
-- is kept but its id, the time and the decision; its source is not read into it any more.
ALTER TABLE articles ADD COLUMN decided TEXT;
ALTER TABLE articles ADD COLUMN expunged INTEGER;
CREATE INDEX articles_expunged ON articles (expunged) WHERE expunged IS NOT NULL;
-- Who made this state; NULL: its source.
ALTER TABLE revisions ADD COLUMN who TEXT;
-- Where an act is about an article.
ALTER TABLE acts ADD COLUMN article TEXT;
CREATE INDEX acts_article ON acts (article) WHERE article IS NOT NULL;
-- The correction or retraction (a revision) of which an edition tells those who were sent the earlier text.
ALTER TABLE editions ADD COLUMN corrects INTEGER;
CREATE INDEX editions_corrects ON editions (corrects) WHERE corrects IS NOT NULL;

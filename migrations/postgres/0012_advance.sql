-- Until when what the edition prints is under embargo, where it goes to accredited press before; NULL: it prints what is public.
ALTER TABLE editions ADD COLUMN advance_until BIGINT;
-- Which files an article uses: asked for each version in another script, and when nothing of one may be kept.
CREATE INDEX IF NOT EXISTS media_article ON media (article);

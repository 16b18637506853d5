-- Until when what the edition prints is under embargo, where it goes to accredited press before; NULL: it prints what is public.
ALTER TABLE editions ADD COLUMN advance_until BIGINT;

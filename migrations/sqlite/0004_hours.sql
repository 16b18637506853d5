-- Where readers live, for a newsletter that goes by their own clocks; and which editions were at work today, for how many mails
-- a person has had.
CREATE INDEX subscribers_timezone ON subscribers (timezone) WHERE timezone IS NOT NULL;
CREATE INDEX editions_finished ON editions (finished_at);

-- The ledger of an edition that is over. ledger: 0 in rows, 1 what was sent is sealed in blocks, 2 being let go, 3 let go.
-- ledger_at: since when. final_counts: how its copies stood when its ledger was let go, as JSON.
ALTER TABLE editions ADD COLUMN ledger BIGINT NOT NULL DEFAULT 0;
ALTER TABLE editions ADD COLUMN ledger_at BIGINT;
ALTER TABLE editions ADD COLUMN final_counts TEXT;
CREATE INDEX editions_ledger ON editions (finished_at) WHERE ledger < 3;

-- Copies that were sent, of an edition that is over: some thousand readers a block, by number, from first to last. The two
-- columns of bytes are store::deliveries::block's; readers is what the once-only rule asks for.
CREATE TABLE delivery_blocks (
    edition  BIGINT NOT NULL,
    first    BIGINT NOT NULL,
    last     BIGINT NOT NULL,
    copies   BIGINT NOT NULL,
    readers  BYTEA NOT NULL,
    outcomes BYTEA NOT NULL,
    PRIMARY KEY (edition, first, last)
);

-- Numbers of people who were forgotten and whose servers' words have yet to be taken out of the blocks of editions after upto.
CREATE TABLE delivery_scrubs (
    subscriber BIGINT PRIMARY KEY,
    upto       BIGINT NOT NULL DEFAULT 0
);

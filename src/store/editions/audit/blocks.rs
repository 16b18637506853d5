//! Proof of what is sealed: each block can be opened, holds what it says, and nobody is in it who is somewhere else too.

use std::collections::{HashMap, HashSet};

use super::{NAMED, ids, name};
use crate::store::deliveries::block::{Copy, Packed};
use crate::store::deliveries::sealed::{self, Head};
use crate::store::{StoreError, Tx};

const PRINTED: &str = "SELECT v.number, CAST(COALESCE(SUM(CAST(1 AS BIGINT) << CAST(a.position AS INTEGER)), 0) AS BIGINT) \
     FROM edition_variants v LEFT JOIN edition_articles a ON a.edition = v.edition AND a.language = v.language \
     WHERE v.edition = $1 GROUP BY v.number";
const ROWS: &str = "SELECT subscriber FROM deliveries WHERE edition = $1 AND subscriber >= $2 AND subscriber <= $3";

/// Opens the blocks of an edition, one after the other, and adds what is wrong to `differences`; how many copies are sealed.
pub(super) async fn prove(tx: &mut Tx, edition: i64, differences: &mut Vec<String>) -> Result<i64, StoreError> {
    let mut printed: HashMap<i64, u64> = HashMap::new();
    for row in tx.q(PRINTED).bind(edition).all().await? {
        printed.insert(row.get(0)?, row.get::<i64>(1)? as u64);
    }
    let mut found = Found::default();
    let mut sealed = 0;
    // Readers of the blocks that reach over the beginning of the next one: of what was taken again and sent later.
    let mut open: Vec<(i64, HashSet<i64>)> = Vec::new();
    for head in sealed::heads(tx, edition, i64::MIN, i64::MAX).await? {
        let Some(packed) = sealed::packed(tx, &head).await? else { continue };
        let Some(copies) = opened(&head, &packed) else {
            differences.push(format!(
                "the block of subscribers {} to {} cannot be opened, or is not the {} copies it was",
                head.first, head.last, head.copies
            ));
            continue;
        };
        sealed += head.copies;
        copies.iter().for_each(|copy| found.look(copy, &printed));
        let readers: HashSet<i64> = copies.iter().map(|copy| copy.subscriber).collect();
        let rows = ids(tx.q(ROWS).bind(edition).bind(head.first).bind(head.last).all().await?)?;
        rows.into_iter().filter(|id| readers.contains(id)).for_each(|id| note(&mut found.twice, id));
        open.retain(|(last, _)| *last >= head.first);
        let in_others = |id: &&i64| open.iter().any(|(_, others)| others.contains(id));
        readers.iter().filter(in_others).for_each(|id| note(&mut found.twice, *id));
        open.push((head.last, readers));
    }
    found.say(differences);
    Ok(sealed)
}

/// The copies of a block that is what it says.
fn opened(head: &Head, packed: &Packed) -> Option<Vec<Copy>> {
    let copies = crate::store::deliveries::block::unpack(packed)?;
    let ends = (copies.first()?.subscriber, copies.last()?.subscriber);
    let rises = copies.windows(2).all(|pair| pair[0].subscriber < pair[1].subscriber);
    (rises && ends == (head.first, head.last) && copies.len() as i64 == head.copies).then_some(copies)
}

/// Readers of sealed copies with which something is wrong.
#[derive(Default)]
struct Found {
    empty: Vec<i64>,
    no_variant: Vec<i64>,
    not_printed: Vec<i64>,
    undated: Vec<i64>,
    twice: Vec<i64>,
}

/// So many are named; a whole edition in which something is wrong does not fill the memory.
fn note(subscribers: &mut Vec<i64>, subscriber: i64) {
    if (subscribers.len() as i64) < NAMED {
        subscribers.push(subscriber);
    }
}

impl Found {
    fn look(&mut self, copy: &Copy, printed: &HashMap<i64, u64>) {
        if copy.choice == 0 {
            note(&mut self.empty, copy.subscriber);
        }
        match printed.get(&copy.variant) {
            None => note(&mut self.no_variant, copy.subscriber),
            Some(printed) if copy.choice & !printed != 0 => note(&mut self.not_printed, copy.subscriber),
            Some(_) => {}
        }
        if copy.at.is_none() {
            note(&mut self.undated, copy.subscriber);
        }
    }

    fn say(mut self, differences: &mut Vec<String>) {
        self.twice.sort_unstable();
        for (words, subscribers) in [
            ("the sealed copy holds nothing", self.empty),
            ("the sealed copy is in a language that the edition does not have", self.no_variant),
            ("the sealed copy holds what is not printed in its language", self.not_printed),
            ("the sealed copy has no time", self.undated),
            ("the copy is in the ledger twice", self.twice),
        ] {
            name(differences, words, &subscribers);
        }
    }
}

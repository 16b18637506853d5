//! A block: some thousand copies that were sent, column by column and compressed. Two runs of bytes: who had what, which is
//! opened often, and what the servers said, which is opened when somebody asks.
//!
//! A column is its length, its checksum and a zlib stream (one that was cut short reads as whole). Numbers that rise are kept as differences. Of a text
//! only what differs from row to row is kept in each: servers say “2.0.0 Ok: queued as” and then a number of their own.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use crate::store::StoreError;

/// Copies of one block at most.
pub const COPIES: usize = 10_000;
/// No column of a block grows to so many bytes; one that says so is damaged.
const LARGEST: u64 = 256 * 1024 * 1024;
/// Stands in a pattern for a word that the row itself has.
const HOLE: &str = "\0";

/// A copy that was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copy {
    /// The reader's number.
    pub subscriber: i64,
    /// The rendering.
    pub variant: i64,
    /// Bit n: the story at position n.
    pub choice: u64,
    /// How often it was tried.
    pub attempts: i64,
    /// When the relay took it, in microseconds.
    pub at: Option<i64>,
    /// The server's code.
    pub code: Option<i64>,
    /// Its enhanced code.
    pub enhanced: Option<String>,
    /// Its words.
    pub line: Option<String>,
}

/// A block as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Who had what.
    pub readers: Vec<u8>,
    /// What the servers said.
    pub outcomes: Vec<u8>,
}

/// Who had what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readers {
    /// Their numbers, rising.
    pub subscribers: Vec<i64>,
    /// Their renderings.
    pub variants: Vec<i64>,
    /// Their stories.
    pub choices: Vec<u64>,
}

/// Packs copies, by number of their readers.
///
/// # Errors
/// Never in practice: it is written to memory.
pub fn pack(copies: &[Copy]) -> Result<Packed, StoreError> {
    let mut readers = Columns::default();
    readers.add(&differences(copies.iter().map(|copy| Some(copy.subscriber))))?;
    readers.add(&numbers(copies.iter().map(|copy| Some(copy.variant))))?;
    readers.add(&words(copies.iter().map(|copy| copy.choice)))?;
    let mut outcomes = Columns::default();
    outcomes.add(&numbers(copies.iter().map(|copy| Some(copy.attempts))))?;
    outcomes.add(&differences(copies.iter().map(|copy| copy.at)))?;
    outcomes.add(&numbers(copies.iter().map(|copy| copy.code)))?;
    texts(&mut outcomes, copies.iter().map(|copy| copy.enhanced.as_deref()))?;
    texts(&mut outcomes, copies.iter().map(|copy| copy.line.as_deref()))?;
    Ok(Packed { readers: readers.0, outcomes: outcomes.0 })
}

/// The numbers of a block's readers alone; `None` where it is damaged.
pub fn subscribers(readers: &[u8]) -> Option<Vec<i64>> {
    read_differences(&Bytes(readers).column()?)?.into_iter().collect()
}

/// Who had what; `None` where the block is damaged.
pub fn readers(readers: &[u8]) -> Option<Readers> {
    let mut columns = Bytes(readers);
    let subscribers: Vec<i64> = read_differences(&columns.column()?)?.into_iter().collect::<Option<_>>()?;
    let variants: Vec<i64> = read_numbers(&columns.column()?)?.into_iter().collect::<Option<_>>()?;
    let choices = read_words(&columns.column()?)?;
    let whole = columns.0.is_empty() && variants.len() == subscribers.len() && choices.len() == subscribers.len();
    whole.then_some(Readers { subscribers, variants, choices })
}

/// A whole block; `None` where it is damaged.
pub fn unpack(packed: &Packed) -> Option<Vec<Copy>> {
    let Readers { subscribers, variants, choices } = readers(&packed.readers)?;
    let mut columns = Bytes(&packed.outcomes);
    let attempts = read_numbers(&columns.column()?)?;
    let at = read_differences(&columns.column()?)?;
    let code = read_numbers(&columns.column()?)?;
    let enhanced = read_texts(&mut columns)?;
    let line = read_texts(&mut columns)?;
    let count = subscribers.len();
    let whole = [attempts.len(), at.len(), code.len(), enhanced.len(), line.len()].iter().all(|n| *n == count);
    if !whole || !columns.0.is_empty() {
        return None;
    }
    let texts = enhanced.into_iter().zip(line);
    let rows =
        subscribers.into_iter().zip(variants).zip(choices).zip(attempts.into_iter().zip(at).zip(code)).zip(texts);
    rows.map(|((((subscriber, variant), choice), ((attempts, at), code)), (enhanced, line))| {
        Some(Copy { subscriber, variant, choice, attempts: attempts?, at, code, enhanced, line })
    })
    .collect()
}

/// Columns being written.
#[derive(Default)]
struct Columns(Vec<u8>);

impl Columns {
    fn add(&mut self, plain: &[u8]) -> Result<(), StoreError> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        let fault = |error: std::io::Error| StoreError::Content(format!("a block: {error}"));
        encoder.write_all(plain).map_err(fault)?;
        let packed = encoder.finish().map_err(fault)?;
        put(&mut self.0, packed.len() as u64);
        put(&mut self.0, u64::from(checksum(plain)));
        self.0.extend_from_slice(&packed);
        Ok(())
    }
}

/// Bytes being read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0u64, 0);
        loop {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
            shift += 7;
        }
    }

    fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    fn column(&mut self) -> Option<Vec<u8>> {
        let length = self.number()?;
        let sum = self.number()?;
        let mut plain = Vec::new();
        ZlibDecoder::new(self.take(length)?).take(LARGEST).read_to_end(&mut plain).ok()?;
        (u64::from(checksum(&plain)) == sum).then_some(plain)
    }
}

/// CRC-32 of a column.
fn checksum(plain: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(plain);
    sum.sum()
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Small for small numbers on both sides of nought; 0 is left for what is not there.
fn put_maybe(bytes: &mut Vec<u8>, number: Option<i64>) {
    put(bytes, number.map_or(0, |n| (((n << 1) ^ (n >> 63)) as u64).wrapping_add(1)));
}

fn maybe(number: u64) -> Option<i64> {
    let folded = number.checked_sub(1)?;
    Some((folded >> 1) as i64 ^ -((folded & 1) as i64))
}

fn words(values: impl Iterator<Item = u64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    values.for_each(|value| put(&mut bytes, value));
    bytes
}

fn read_words(bytes: &[u8]) -> Option<Vec<u64>> {
    let (mut bytes, mut values) = (Bytes(bytes), Vec::new());
    while !bytes.0.is_empty() {
        values.push(bytes.number()?);
    }
    Some(values)
}

fn numbers(values: impl Iterator<Item = Option<i64>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    values.for_each(|value| put_maybe(&mut bytes, value));
    bytes
}

fn read_numbers(bytes: &[u8]) -> Option<Vec<Option<i64>>> {
    Some(read_words(bytes)?.into_iter().map(maybe).collect())
}

fn differences(values: impl Iterator<Item = Option<i64>>) -> Vec<u8> {
    let mut before = 0i64;
    numbers(values.map(|value| value.map(|value| value.wrapping_sub(std::mem::replace(&mut before, value)))))
}

fn read_differences(bytes: &[u8]) -> Option<Vec<Option<i64>>> {
    let mut before = 0i64;
    let mut add = |difference: i64| {
        before = before.wrapping_add(difference);
        before
    };
    Some(read_numbers(bytes)?.into_iter().map(|value| value.map(&mut add)).collect())
}

/// Four columns: the patterns; which of them each row has; how long each word is that the rows have of their own; these words.
fn texts<'t>(columns: &mut Columns, texts: impl Iterator<Item = Option<&'t str>> + Clone) -> Result<(), StoreError> {
    let mut often: HashMap<&str, usize> = HashMap::new();
    let mut count = 0;
    for word in texts.clone().inspect(|_| count += 1).flatten().flat_map(|text| text.split(' ')) {
        *often.entry(word).or_default() += 1;
    }
    // What stands in one row of fifty is worth a pattern.
    let is_common = |word: &str| often.get(word).is_some_and(|n| *n > 1 && *n * 50 >= count) && !word.contains(HOLE);
    let mut patterns: HashMap<String, u64> = HashMap::new();
    let (mut known, mut which, mut lengths, mut own) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for text in texts {
        let Some(text) = text else {
            put(&mut which, 0);
            continue;
        };
        let mut pattern = String::new();
        for (n, word) in text.split(' ').enumerate() {
            pattern.push_str(if n > 0 { " " } else { "" });
            if is_common(word) {
                pattern.push_str(word);
            } else {
                pattern.push_str(HOLE);
                put(&mut lengths, word.len() as u64);
                own.extend_from_slice(word.as_bytes());
            }
        }
        let next = patterns.len() as u64 + 1;
        let number = *patterns.entry(pattern).or_insert_with_key(|pattern| {
            put(&mut known, pattern.len() as u64);
            known.extend_from_slice(pattern.as_bytes());
            next
        });
        put(&mut which, number);
    }
    [known, which, lengths, own].iter().try_for_each(|column| columns.add(column))
}

fn read_texts(columns: &mut Bytes<'_>) -> Option<Vec<Option<String>>> {
    let (known, which) = (columns.column()?, columns.column()?);
    let (lengths, own) = (columns.column()?, columns.column()?);
    let (mut known, mut lengths, mut own) = (Bytes(&known), Bytes(&lengths), Bytes(&own));
    let mut patterns = Vec::new();
    while !known.0.is_empty() {
        let length = known.number()?;
        patterns.push(std::str::from_utf8(known.take(length)?).ok()?);
    }
    let mut texts = Vec::new();
    for number in read_words(&which)? {
        let Some(number) = number.checked_sub(1) else {
            texts.push(None);
            continue;
        };
        let mut text = String::new();
        for (n, word) in patterns.get(usize::try_from(number).ok()?)?.split(' ').enumerate() {
            text.push_str(if n > 0 { " " } else { "" });
            text.push_str(if word == HOLE { std::str::from_utf8(own.take(lengths.number()?)?).ok()? } else { word });
        }
        texts.push(Some(text));
    }
    (lengths.0.is_empty() && own.0.is_empty()).then_some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn copy(subscriber: i64) -> Copy {
        Copy { subscriber, choice: 1, attempts: 1, at: Some(subscriber * 900), code: Some(250), ..Copy::default() }
    }

    proptest! {
        #[test]
        fn whatever_goes_in_comes_out(rows in prop::collection::vec(
            (any::<i64>(), any::<i64>(), any::<u64>(), any::<i64>(), any::<Option<i64>>(), any::<Option<i64>>(),
                prop::option::of("[0-9. ]{0,6}"), prop::option::of("(ok|queued as|\\PC{0,9}|\u{0}| |\n){0,6}")), 0..40)) {
            let copies: Vec<Copy> = rows.into_iter()
                .map(|(subscriber, variant, choice, attempts, at, code, enhanced, line)| Copy { subscriber, variant, choice, attempts, at, code, enhanced, line })
                .filter(|copy| ![Some(copy.subscriber), Some(copy.variant), Some(copy.attempts), copy.at, copy.code].contains(&Some(i64::MIN)))
                .collect();
            let packed = pack(&copies).unwrap();
            prop_assert_eq!(unpack(&packed).unwrap(), copies.clone());
            prop_assert_eq!(subscribers(&packed.readers).unwrap(), copies.iter().map(|copy| copy.subscriber).collect::<Vec<_>>());
        }

        #[test]
        fn what_is_damaged_is_said_to_be(at in 0usize..400, bit in 0u8..8) {
            let copies: Vec<Copy> = (1..60).map(|n| Copy { line: Some(format!("ok {}", n * n)), ..copy(n) }).collect();
            let mut packed = pack(&copies).unwrap();
            let length = packed.outcomes.len();
            packed.outcomes[at % length] ^= 1 << bit;
            prop_assert!(unpack(&packed).is_none_or(|read| read == copies), "never other words than went in");
        }
    }

    #[test]
    fn what_servers_say_to_each_packs_well() {
        let copies: Vec<Copy> = (1..=COPIES as i64)
            .map(|n| Copy { line: Some(format!("2.0.0 Ok: queued as 4X{:07X}Z", n * 7919 % 0xFFF_FFFF)), ..copy(n) })
            .collect();
        let packed = pack(&copies).unwrap();
        assert!(packed.readers.len() < 500, "{}", packed.readers.len());
        assert!(packed.outcomes.len() < 9 * COPIES, "{}", packed.outcomes.len());
        assert_eq!(unpack(&packed).unwrap(), copies);
    }
}

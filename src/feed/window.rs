//! How much fits: a feed weighs at most 512 KB, whatever its entries weigh. The oldest fall back to
//! their summary before any is dropped.

use super::content::Entry;

/// The most that a document may weigh, in bytes.
pub(super) const CAP: usize = 512 * 1024;
/// What the feed itself takes, without entries.
const HEAD: usize = 4 * 1024;
/// What an entry takes beside its texts: tags, dates, ids.
const FRAME: usize = 900;

/// Brings `entries`, newest first, under `cap` bytes in any format: an article that would fill half
/// of the feed is told by its summary, then the oldest are, then the oldest are dropped where `drops` says so.
pub(super) fn fit(entries: &mut Vec<Entry>, cap: usize, drops: bool) {
    for entry in entries.iter_mut() {
        if entry.html.as_deref().is_some_and(|html| escaped(html) > cap / 2) {
            entry.html = None;
        }
    }
    let frames: Vec<usize> = entries.iter().map(frame).collect();
    let mut used = HEAD;
    let kept = frames.iter().take_while(|frame| {
        used += **frame;
        used <= cap || !drops
    });
    let kept = kept.count();
    entries.truncate(kept);
    let mut used = HEAD + frames[..kept].iter().sum::<usize>();
    let mut full = true;
    for entry in entries.iter_mut() {
        let Some(html) = &entry.html else { continue };
        let weight = escaped(html);
        full = full && used + weight <= cap;
        if full {
            used += weight;
        } else {
            entry.html = None;
        }
    }
}

/// What an entry weighs without its body, at most.
fn frame(entry: &Entry) -> usize {
    let picture = entry.picture.as_ref().map_or(0, |picture| {
        let words = [Some(picture.alt.as_str()), picture.caption.as_deref(), picture.credit.as_deref()];
        300 + 3 * picture.url.len() + words.into_iter().flatten().map(|w| 2 * escaped(w)).sum::<usize>()
    });
    let names = entry.authors.iter().map(|name| 40 + escaped(name)).sum::<usize>();
    let topics = entry.topics.iter().map(|topic| 60 + escaped(&topic.id) + escaped(&topic.name)).sum::<usize>();
    let notes = entry.corrections.iter().chain(&entry.updates).map(|c| 80 + 3 * escaped(&c.note)).sum::<usize>();
    let others = entry.translations.iter().map(|(_, url)| 60 + url.len()).sum::<usize>();
    // JSON tells the summary twice where it stands for the text.
    FRAME
        + escaped(&entry.title)
        + 2 * escaped(&entry.summary)
        + 2 * entry.id.len()
        + 2 * entry.url.len()
        + entry.via.as_ref().map_or(0, |via| 60 + via.len())
        + picture
        + names
        + topics
        + notes
        + others
}

/// What a text weighs in the format that escapes most: Atom, where each tag and quote is a reference.
fn escaped(text: &str) -> usize {
    let more = |byte: u8| match byte {
        b'&' => 4,
        b'<' | b'>' => 3,
        b'"' | b'\'' => 5,
        _ => 0,
    };
    text.len() + text.bytes().map(more).sum::<usize>()
}

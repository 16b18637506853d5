//! `herald articles show ID --history`: what was changed, when, and by whom, word by word.

use std::io::IsTerminal;

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use crate::article::{ArticleId, Content, Note, RevisionKind};
use crate::clock::Instant;
use crate::command::{Context, output};
use crate::store::Tx;
use crate::store::acts::Act;
use crate::store::articles::history::{self, State};

/// So many words stand around a change.
const AROUND: usize = 8;
/// A text longer than this (in bytes) is compared by its lines, not by its words.
const LONG: usize = 400_000;

/// One thing that happened to an article.
#[derive(Serialize)]
struct Event {
    at: Instant,
    /// Who: a name of staff, a user of the machine, or the source.
    who: String,
    /// In words.
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<RevisionKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<Instant>,
    changes: Vec<Change>,
}

/// One field that became another.
#[derive(Serialize)]
struct Change {
    field: &'static str,
    before: String,
    after: String,
    diff: Vec<Run>,
}

/// A stretch of text that stayed, went or came.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Run {
    /// `same`, `removed` or `added`.
    is: &'static str,
    text: String,
}

/// Shows it.
///
/// # Errors
/// What the store says.
pub(super) async fn show(cx: &Context, tx: &mut Tx, article: ArticleId, title: &str) -> anyhow::Result<()> {
    let states = history::states(tx, article).await?;
    let deeds = history::deeds(tx, article).await?;
    let events = events(states, deeds);
    if cx.frame.json {
        return output::json(&serde_json::json!({ "id": article, "title": title, "history": events }));
    }
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    output::line(format!("{title}\n{article}"))?;
    for event in &events {
        let kind = event.kind.map_or(String::new(), |kind| format!("  {}", kind.word()));
        output::line(format!("\n{}{kind}  {}: {}", cx.when(event.at), event.who, event.what))?;
        if let Some(why) = &event.why {
            output::line(format!("    {why}"))?;
        }
        for change in &event.changes {
            let text = printed(&change.diff, colour);
            output::line(format!("    {}: {}", change.field, text.replace('\n', "\n      ")))?;
        }
    }
    if events.iter().any(|event| !event.changes.is_empty()) {
        output::note("[-taken out-] {+put in+}");
    }
    Ok(())
}

/// States and deeds in the order of time; a deed that made a state stands with it.
fn events(states: Vec<State>, deeds: Vec<Act>) -> Vec<Event> {
    let mut deeds: Vec<Option<Act>> = deeds.into_iter().map(Some).collect();
    let mut events = Vec::with_capacity(states.len());
    let mut before: Option<Content> = None;
    for State { at, who, revision } in states {
        let own = deeds.iter_mut().find(|deed| {
            who.is_some() && deed.as_ref().is_some_and(|deed| deed.at == at && Some(&deed.who) == who.as_ref())
        });
        let deed = own.and_then(Option::take);
        let what = match (&deed, before.is_some()) {
            (Some(deed), _) => deed.what.clone(),
            (None, false) => "first read".to_owned(),
            (None, true) => "read again".to_owned(),
        };
        let changes = before.as_ref().map(|before| changes(before, &revision.content)).unwrap_or_default();
        events.push(Event {
            at,
            who: who.unwrap_or_else(|| format!("source {}", revision.source)),
            what,
            why: deed.and_then(|deed| deed.why),
            revision: Some(revision.id),
            kind: Some(revision.kind),
            updated: Some(revision.updated),
            changes,
        });
        before = Some(revision.content);
    }
    for deed in deeds.into_iter().flatten() {
        // States stand in the order of their numbers, whatever a clock said.
        let place = events.iter().position(|event| event.at > deed.at).unwrap_or(events.len());
        let Act { at, who, what, why } = deed;
        events.insert(
            place,
            Event { at, who, what, why, revision: None, kind: None, updated: None, changes: Vec::new() },
        );
    }
    events
}

/// What differs between two states.
fn changes(old: &Content, new: &Content) -> Vec<Change> {
    let notes = |notes: &[Note]| notes.iter().map(Note::text).collect::<Vec<_>>().join("\n");
    let picture = |content: &Content| {
        let picture = content.picture.as_ref();
        picture.map(|p| {
            [&p.url, &p.alt].into_iter().chain(&p.caption).chain(&p.credit).cloned().collect::<Vec<_>>().join("\n")
        })
    };
    let fields = |content: &Content| {
        [
            ("title", content.title.clone()),
            ("withdrawn", content.withdrawn.clone().unwrap_or_default()),
            ("corrections", notes(&content.corrections)),
            ("updates", notes(&content.updates)),
            ("summary", content.summary.clone()),
            ("text", content.text.clone()),
            ("authors", content.authors.join(", ")),
            ("topics", content.topics.join(", ")),
            ("picture", picture(content).unwrap_or_default()),
            ("first in", content.canonical.clone().unwrap_or_default()),
            ("breaking", if content.breaking { "yes" } else { "no" }.to_owned()),
        ]
    };
    let both = fields(old).into_iter().zip(fields(new));
    let differing = both.filter(|((_, before), (_, after))| before != after);
    let mut all: Vec<Change> = differing
        .map(|((field, before), (_, after))| Change { field, diff: diff(&before, &after), before, after })
        .collect();
    if old.text == new.text && old.html != new.html {
        // The same words, set otherwise.
        all.push(Change {
            field: "markup",
            diff: diff(&old.html, &new.html),
            before: old.html.clone(),
            after: new.html.clone(),
        });
    }
    all
}

/// The stretches that stayed, went and came.
fn diff(before: &str, after: &str) -> Vec<Run> {
    let long = before.len().max(after.len()) > LONG;
    let diff = if long { TextDiff::from_lines(before, after) } else { TextDiff::from_words(before, after) };
    let mut runs: Vec<Run> = Vec::new();
    for change in diff.iter_all_changes() {
        let is = match change.tag() {
            ChangeTag::Equal => "same",
            ChangeTag::Delete => "removed",
            ChangeTag::Insert => "added",
        };
        match runs.last_mut() {
            Some(last) if last.is == is => last.text.push_str(change.value()),
            _ => runs.push(Run { is, text: change.value().to_owned() }),
        }
    }
    gathered(runs)
}

/// A space between two words that changed belongs to the change: `[-14 March-] {+15 April+}` reads better than four pieces.
fn gathered(runs: Vec<Run>) -> Vec<Run> {
    let mut out: Vec<Run> = Vec::new();
    let (mut gone, mut come) = (String::new(), String::new());
    let flush = |gone: &mut String, come: &mut String, out: &mut Vec<Run>| {
        for (is, text) in [("removed", gone), ("added", come)] {
            if !text.is_empty() {
                out.push(Run { is, text: std::mem::take(text) });
            }
        }
    };
    let mut runs = runs.into_iter().peekable();
    while let Some(run) = runs.next() {
        let within = !(gone.is_empty() && come.is_empty()) && runs.peek().is_some();
        match run.is {
            "removed" => gone.push_str(&run.text),
            "added" => come.push_str(&run.text),
            _ if within && run.text == " " => {
                gone.push(' ');
                come.push(' ');
            }
            _ => {
                flush(&mut gone, &mut come, &mut out);
                out.push(run);
            }
        }
    }
    flush(&mut gone, &mut come, &mut out);
    out
}

/// The stretches as text: what went in `[-…-]`, what came in `{+…+}`, and of what stayed only what stands beside a change.
fn printed(runs: &[Run], colour: bool) -> String {
    let mut out = String::new();
    for (n, run) in runs.iter().enumerate() {
        match run.is {
            "removed" if colour => out.push_str(&format!("\x1b[31;9m[-{}-]\x1b[0m", run.text)),
            "removed" => out.push_str(&format!("[-{}-]", run.text)),
            "added" if colour => out.push_str(&format!("\x1b[32;1m{{+{}+}}\x1b[0m", run.text)),
            "added" => out.push_str(&format!("{{+{}+}}", run.text)),
            _ => out.push_str(&beside(&run.text, n == 0, n + 1 == runs.len())),
        }
        if run.is == "removed" && runs.get(n + 1).is_some_and(|next| next.is == "added") {
            out.push(' ');
        }
    }
    out.trim().to_owned()
}

/// The ends of a stretch that stayed: its beginning where a change stands before it, its end where one follows.
fn beside(text: &str, first: bool, last: bool) -> String {
    let words: Vec<&str> = text.split_inclusive(char::is_whitespace).collect();
    let (head, tail) = (if first { 0 } else { AROUND }, if last { 0 } else { AROUND });
    if words.len() <= head + tail + 1 {
        return text.to_owned();
    }
    format!("{}… {}", words[..head].concat(), words[words.len() - tail..].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_shows_words_with_signs_and_their_neighbours() {
        let old = "The bridge on the flood road is 420 metres long, and was opened on Monday by the mayor of the town.";
        let new =
            "The bridge on the flood road is 240 metres long, and was opened on Tuesday by the mayor of the town.";
        assert_eq!(
            printed(&diff(old, new), false),
            "The bridge on the flood road is [-420-] {+240+} metres long, and was opened on [-Monday-] {+Tuesday+} by the mayor of the town."
        );
        let coloured = printed(&diff(old, new), true);
        assert!(coloured.contains("[-420-]") && coloured.contains('\x1b'), "colour is never alone: {coloured}");
        let long = format!("{} 14 {}", "word ".repeat(50), "word ".repeat(50));
        let shown = printed(&diff(&long, &long.replace("14", "15")), false);
        assert!(shown.starts_with('…') && shown.ends_with('…') && shown.len() < 150, "{shown}");
    }

    #[test]
    fn words_that_changed_side_by_side_stand_together() {
        let runs = diff("on 14 March in", "on 15 April in");
        assert_eq!(printed(&runs, false), "on [-14 March-] {+15 April+} in");
    }
}

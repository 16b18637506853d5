//! `herald subscribers export`: a list as CSV, as it stands with what people decided.

use std::collections::BTreeSet;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::super::{Context, Exit, output};
use super::look::{Shown, page};
use crate::audience::csv::Writer;
use crate::audience::{Reason, Status};
use crate::config::Config;
use crate::store::Store;
use crate::store::subscribers::Subscriber;

/// The columns that every export has.
const COLUMNS: [&str; 9] =
    ["email", "name", "language", "timezone", "topics", "newsletters", "status", "consent_at", "consent_source"];

pub(super) async fn run(cx: &mut Context, list: &str, excel: bool, out: Option<PathBuf>) -> anyhow::Result<Exit> {
    super::known_list(cx, list)?;
    let store = cx.store().await?;
    match out {
        None if cx.frame.json => json(&store, list).await?,
        None => {
            // By pages into memory of its own, so that a reader who went away ends it quietly.
            let mut piece = Vec::new();
            export(&store, &cx.config, list, excel, &mut piece, &mut |piece| {
                output::raw(&*piece)?;
                piece.clear();
                Ok(())
            })
            .await?;
        }
        Some(path) => {
            let people = to_file(&store, &cx.config, list, excel, &path).await?;
            if cx.frame.json {
                output::json(&serde_json::json!({ "list": list, "file": path, "people": people }))?;
            } else {
                let people = if people == 1 { "1 person".to_owned() } else { format!("{people} people") };
                output::note(format!("{people} of list {list} written to {}", path.display()));
            }
        }
    }
    Ok(Exit::Done)
}

/// The list as one JSON document, by pages: a list may be longer than memory.
async fn json(store: &Store, list: &str) -> anyhow::Result<()> {
    let mut tx = store.read().await?;
    let (mut after, mut joint) = (Some(0), "[\n");
    while let Some(from) = after {
        let (people, next) = page(&mut tx, list, "", from).await?;
        for person in people {
            output::raw(format!("{joint}{}", serde_json::to_string(&Shown::of(person, Vec::new()))?))?;
            joint = ",\n";
        }
        after = next;
    }
    output::line(if joint.starts_with('[') { "[]" } else { "\n]" })
}

/// Beside the file first, so that a half-written one never stands under its name.
async fn to_file(store: &Store, config: &Config, list: &str, excel: bool, path: &Path) -> anyhow::Result<u64> {
    let named = || format!("{} cannot be written", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(named)?;
    let mut writer = BufWriter::new(file.as_file_mut());
    let mut piece = Vec::new();
    let people = export(store, config, list, excel, &mut piece, &mut |piece| {
        writer.write_all(piece)?;
        piece.clear();
        Ok(())
    })
    .await
    .with_context(named)?;
    writer.flush().with_context(named)?;
    drop(writer);
    file.as_file().sync_all().with_context(named)?;
    file.persist(path).with_context(named)?;
    Ok(people)
}

/// Writes the list into `piece`, handing it to `done` after each page; how many people there are.
async fn export(
    store: &Store,
    config: &Config,
    list: &str,
    excel: bool,
    piece: &mut Vec<u8>,
    done: &mut (dyn FnMut(&mut Vec<u8>) -> anyhow::Result<()> + Send),
) -> anyhow::Result<u64> {
    let mut tx = store.read().await?;
    let mut names = BTreeSet::new();
    let mut after = Some(0);
    while let Some(from) = after {
        let (people, next) = page(&mut tx, list, "", from).await?;
        for person in people {
            names.extend(person.extra.into_keys());
        }
        after = next;
    }
    let mut count = 0;
    let mut first = true;
    let mut after = Some(0);
    while let Some(from) = after {
        let (people, next) = page(&mut tx, list, "", from).await?;
        let mut bytes = Vec::new();
        // The byte order mark belongs to the first page alone.
        let mut writer = if first { Writer::new(&mut bytes, excel)? } else { Writer::again(&mut bytes, excel) };
        if first {
            writer.write(COLUMNS.into_iter().chain(names.iter().map(String::as_str)))?;
        }
        for person in &people {
            let cells = cells(person, config, list);
            let extra = names.iter().map(|name| person.extra.get(name).map_or("", String::as_str));
            writer.write(cells.iter().map(String::as_str).chain(extra))?;
        }
        writer.flush()?;
        drop(writer);
        piece.extend(bytes);
        count += people.len() as u64;
        first = false;
        done(piece)?;
        after = next;
    }
    Ok(count)
}

fn cells(person: &Subscriber, config: &Config, list: &str) -> [String; 9] {
    let membership = person.memberships.iter().find(|m| m.list == list);
    let consent = membership.and_then(|m| m.consent_at).map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
    let newsletters = newsletters(person, config, list);
    [
        person.address.to_string(),
        person.name.clone().unwrap_or_default(),
        person.reads().map(ToString::to_string).unwrap_or_default(),
        person.timezone.clone().unwrap_or_default(),
        person.topics().map(|topics| topics.join(";")).unwrap_or_default(),
        newsletters.as_ref().map(|names| names.join(";")).unwrap_or_default(),
        status(person, list, newsletters.as_deref()).to_owned(),
        consent.unwrap_or_default(),
        membership.and_then(|m| m.consent_source.clone()).unwrap_or_default(),
    ]
}

/// Which of the list's newsletters they get; `None`: all, also later ones.
fn newsletters(person: &Subscriber, config: &Config, list: &str) -> Option<Vec<String>> {
    let of_file = person.memberships.iter().find(|m| m.list == list).and_then(|m| m.newsletters.as_ref());
    if of_file.is_none() && person.departures.is_empty() {
        return None;
    }
    let asked = person.chosen.as_ref().map(|chosen| chosen.newsletters.as_slice()).unwrap_or_default();
    let gets = config.newsletters.iter().filter(|n| n.lists.iter().any(|name| name == list)).filter(|n| {
        let chosen = of_file.is_none_or(|names| names.contains(&n.name)) || asked.contains(&n.name);
        chosen && !person.departures.iter().any(|d| d.name == n.name)
    });
    let gets: Vec<String> = gets.map(|n| n.name.clone()).collect();
    let departed_elsewhere = of_file.is_none()
        && gets.len() == config.newsletters.iter().filter(|n| n.lists.iter().any(|name| name == list)).count();
    (!departed_elsewhere).then_some(gets)
}

/// The status as another program, or we ourselves, should take it: nobody who is not written to is active.
fn status(person: &Subscriber, list: &str, newsletters: Option<&[String]>) -> &'static str {
    match person.suppressed.as_ref().map(|s| s.reason) {
        Some(Reason::Staff) => return "suppressed",
        Some(reason) => return reason.word(),
        None => {}
    }
    match person.memberships.iter().find(|m| m.list == list).map(|m| m.status) {
        Some(Status::Active) if newsletters.is_some_and(<[String]>::is_empty) => Status::Left.word(),
        Some(status) => status.word(),
        None => Status::Left.word(),
    }
}

//! A folder of Markdown and HTML files.
//!
//! 1. [`walk`] lists the files, and [`look`] compares them with the last read: one whose size, time and settings are the
//!    same, and whose pictures are, costs no more than that.
//! 2. [`data`] reads what holds for whole folders.
//! 3. [`desk`] reads the heads of what changed, so that links, translations and ids know every article; then, in batches,
//!    bytes to drafts (`article::intake`), with the pictures copied ([`super::media`]).
//! 4. [`renamed`] and [`claims`] say whose text a file is, where that is not plain.
//! 5. [`keep`] gives the drafts to the store with how each file was read, a transaction a batch, and takes out articles
//!    whose file is gone; but not when most of a folder vanished at once.

mod claims;
mod data;
mod desk;
mod keep;
mod look;
mod one;
mod renamed;
#[cfg(test)]
mod tests;
mod walk;

pub use one::{Added, add};

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use data::Defaults;
use desk::Desk;
use look::Look;
use walk::{Found, Part, Walked, walk};

use super::around::Pages;
use super::media::{self, Media};
use super::{ReadReport, SourceError};
use crate::article::Fault;
use crate::article::intake::House;
use crate::clock::{Clock, Instant};
use crate::config::{Config, Folder};
use crate::store::Store;
use crate::store::{articles, files};

/// Files that are read and taken in at a time.
const BATCH: usize = 200;
/// Batches that are read at the same time, as far as there are processors.
const AT_ONCE: usize = 4;

/// Reads what changed in the folder since the last time.
///
/// # Errors
/// The folder cannot be listed; the media folder cannot be written to; what the store says.
pub async fn read(store: &Store, config: &Config, clock: &Clock, folder: &Folder) -> Result<ReadReport, SourceError> {
    let now = clock.now();
    let name = folder.name.as_str();
    let roots = roots(config, folder);
    let walked = blocking({
        let (name, root, settings) = (name.to_owned(), config.path(&folder.path), settings_of(config, folder));
        move || walk(&name, &root, &settings)
    });
    let Walked { files, data, mut faults } = walked.await??;
    let found = Arc::new(files);
    let look = look::look(store, name, &found, &roots).await?;
    let mut report = ReadReport { source: name.to_owned(), files: found.len(), ..Default::default() };
    if look.changed.is_empty() && look.gone.is_empty() {
        report.faults = look.faults;
    } else {
        bring(store, desk(config, folder, roots, now), (found, data), look, &mut report, Extent::Whole).await?;
    }
    report.faults.append(&mut faults);
    keep::finish(store, name, now, &mut report).await?;
    Ok(report)
}

/// Reads only the files at these paths; `None` where they cannot be read by themselves, and the whole folder is to be.
///
/// # Errors
/// As [`read`].
pub async fn read_some(
    store: &Store,
    config: &Config,
    clock: &Clock,
    folder: &Folder,
    paths: Vec<PathBuf>,
) -> Result<Option<ReadReport>, SourceError> {
    let name = folder.name.as_str();
    let (root, settings) = (config.path(&folder.path), settings_of(config, folder));
    let part = blocking(move || walk::some(&root, &paths, &settings)).await?;
    let Some(Part { files: found, gone }) = part else { return Ok(None) };
    let roots = roots(config, folder);
    let Some(look) = look::some(store, name, (&found, &gone), &roots).await? else { return Ok(None) };
    let mut report = ReadReport { source: name.to_owned(), files: found.len(), ..Default::default() };
    if look.changed.is_empty() {
        return Ok(Some(report));
    }
    let (found, changed) = (Arc::new(found), look.changed.clone());
    let (learning, desk) = (Arc::clone(&found), desk(config, folder, roots, clock.now()));
    let (desk, wanted) = blocking(move || {
        let changed: Vec<&Found> = changed.iter().map(|at| &learning[*at]).collect();
        let wanted = desk.wanted_by(&changed);
        (desk, wanted)
    })
    .await?;
    let Some(wanted) = wanted else { return Ok(None) };
    let around = wanted.iter().flat_map(|bare| {
        let places =
            ["", "/index"].iter().flat_map(move |rest| ENDINGS.iter().map(move |end| format!("{bare}{rest}.{end}")));
        places.chain([bare.clone()])
    });
    let extent = Extent::Some(around.collect());
    bring(store, desk, (found, Vec::new()), look, &mut report, extent).await?;
    Ok(Some(report))
}

/// What articles' files are called.
const ENDINGS: [&str; 6] = ["md", "markdown", "mdown", "mkd", "html", "htm"];

fn desk(config: &Config, folder: &Folder, roots: Vec<PathBuf>, now: Instant) -> Desk {
    Desk {
        house: Arc::new(house(config, folder, now)),
        site: config.site.clone(),
        pages: Pages::default(),
        media: Media::new(config.path(&config.site.media), &config.site.url),
        defaults: Defaults::default(),
        wanted: HashMap::new(),
        roots,
    }
}

/// How much of a folder is read.
enum Extent {
    /// All of it.
    Whole,
    /// Files of which nothing else has changed; they lead to no article but at these paths.
    Some(Vec<String>),
}

/// Reads what changed, and gives it to the store.
async fn bring(
    store: &Store,
    mut desk: Desk,
    (found, data): (Arc<Vec<Found>>, Vec<Found>),
    mut look: Look,
    report: &mut ReadReport,
    extent: Extent,
) -> Result<(), SourceError> {
    let name = report.source.clone();
    let mut faults = std::mem::take(&mut look.faults);
    let may_be_renamed = look.gone.iter().any(|file| file.article.is_some());
    let root = desk.roots.last().cloned().unwrap_or_default();
    let learning = found.clone();
    let (mut desk, mut look, learnt) = blocking(move || {
        desk.defaults = Defaults::read(&root, &data);
        look.changed.retain(|at| !desk.defaults.hold(&learning[*at].key));
        let new: HashSet<&str> = look.new.iter().map(|at| learning[*at].key.as_str()).collect();
        let changed: Vec<&Found> = look.changed.iter().map(|at| &learning[*at]).collect();
        let learnt = desk.learn(&changed, |file| may_be_renamed && new.contains(file.key.as_str()));
        drop(new);
        (desk, look, learnt)
    })
    .await?;
    faults.append(&mut desk.defaults.faults);

    let mut tx = store.write().await?;
    files::ensure_source(&mut tx, &name).await?;
    let mut passed = keep::pass_over(&mut tx, &name, (&found, &mut look.changed)).await?;
    let gone: HashSet<&str> = look.gone.iter().map(|file| file.path.as_str()).collect();
    let mut standing = match &extent {
        Extent::Whole => files::places(&mut tx, &name).await?,
        Extent::Some(around) => files::places_at(&mut tx, &name, around).await?,
    };
    standing.retain(|one| !gone.contains(one.path.as_str()));
    for one in &standing {
        desk.pages.add_known(&one.path, || desk.site.article(&one.language, &one.slug));
    }
    desk.settle(&standing, &learnt.claims);
    drop(standing);
    let moved = renamed::renamed(&mut tx, &learnt.fresh, &look.gone).await?;
    let changed: HashSet<&str> = look.changed.iter().map(|at| found[*at].key.as_str()).collect();
    let new: Vec<&str> =
        look.changed.iter().filter(|at| look.new.contains(at)).map(|at| found[*at].key.as_str()).collect();
    let mut settled = claims::settle(&mut tx, &name, &learnt.claims, (&changed, &new), &moved, &look.gone).await?;
    let adopted: Vec<_> = moved.into_iter().filter(|(key, _)| !settled.refused.contains_key(key)).collect();
    let whole = matches!(extent, Extent::Whole);
    let before = if whole { files::count(&mut tx, &name).await?.1 } else { usize::MAX / 2 };
    articles::remove(&mut tx, &settled.left, desk.house.now).await?;
    files::adopt(&mut tx, &name, &adopted).await?;
    if whole || !passed.is_empty() || !settled.left.is_empty() || !adopted.is_empty() {
        tx.commit().await?;
    } else {
        drop(tx);
    }
    faults.append(&mut passed);

    let (refused, returned) = blocking({
        let refused = std::mem::take(&mut settled.refused);
        move || (desk.refusals(refused), desk)
    })
    .await?;
    desk = returned;
    let mut keeping = keep::Keeping {
        store,
        name,
        now: desk.house.now,
        settled,
        refused,
        claims: learnt.claims,
        before,
        orphans: Vec::new(),
        release: !whole,
    };
    // While the store takes one batch, the next ones are being read.
    let desk = Arc::new(desk);
    let mut batches = look.changed.chunks(BATCH);
    let mut ahead = VecDeque::new();
    let at_once = std::thread::available_parallelism().map_or(1, usize::from).min(AT_ONCE);
    loop {
        while ahead.len() < at_once
            && let Some(batch) = batches.next()
        {
            let (desk, files, batch) = (Arc::clone(&desk), Arc::clone(&found), batch.to_vec());
            ahead.push_back(tokio::task::spawn_blocking(move || {
                batch.iter().map(|at| desk.read(&files[*at])).collect::<Vec<_>>()
            }));
        }
        let Some(next) = ahead.pop_front() else { break };
        let read = next.await.map_err(|error| SourceError::Broken(error.to_string()))?;
        if let Some(error) = desk.media.failure() {
            return Err(error);
        }
        keeping.take_in(read, report, &mut faults).await?;
    }
    report.new_faults = faults.len();
    report.faults = faults;
    keeping.take_out(look.gone, report).await
}

/// What `check` asks: every fault of the folder's files, with nothing kept or copied.
///
/// # Errors
/// The folder cannot be listed.
pub fn faults(config: &Config, clock: &Clock, folder: &Folder) -> Result<Vec<Fault>, SourceError> {
    let root = config.path(&folder.path);
    let Walked { files, data, mut faults } = walk(&folder.name, &root, "")?;
    let mut desk = Desk {
        house: Arc::new(house(config, folder, clock.now())),
        site: config.site.clone(),
        roots: roots(config, folder),
        pages: Pages::default(),
        media: Media::nowhere(&config.site.url),
        defaults: Defaults::read(&root, &data),
        wanted: HashMap::new(),
    };
    faults.append(&mut desk.defaults.faults);
    let learnt = desk.learn(&files.iter().collect::<Vec<_>>(), |_| false);
    desk.settle(&[], &learnt.claims);
    let doubled = claims::doubled(&learnt.claims, &HashMap::new());
    for file in files.iter().filter(|file| !desk.defaults.hold(&file.key)) {
        match doubled.get(&file.key) {
            Some((claim, holder)) => faults.push(claims::fault(claim, holder)),
            None => faults.extend(desk.read(file).file.faults),
        }
    }
    Ok(faults)
}

/// Where references are looked up: the folder whose files stand at the root of addresses, then the source's own.
fn roots(config: &Config, folder: &Folder) -> Vec<PathBuf> {
    folder.assets.iter().chain([&folder.path]).map(|path| config.path(path)).collect()
}

fn house(config: &Config, folder: &Folder, now: Instant) -> House {
    let topics = config.topics.iter().map(|topic| (topic.id.clone(), topic.name.all().map(str::to_owned).collect()));
    House {
        source: folder.name.clone(),
        site_url: config.site.url.clone(),
        languages: config.site.languages.clone(),
        language: folder.language.clone(),
        transliterate: folder.transliterate,
        zone: config.site.timezone,
        now,
        topics: topics.collect(),
    }
}

/// The settings that shape what a file becomes: where they change, every file is read again.
fn settings_of(config: &Config, folder: &Folder) -> String {
    let text = format!(
        "{}|{:?}|{:?}|{}|{}|{:?}|{:?}|{}",
        config.site.url,
        config.site.languages,
        folder.language,
        folder.transliterate,
        config.site.timezone,
        folder.assets,
        config.topics,
        env!("CARGO_PKG_VERSION")
    );
    media::hash(text.as_bytes())[..12].to_owned()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, SourceError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| SourceError::Broken(error.to_string()))
}

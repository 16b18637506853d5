//! A folder of Markdown and HTML files.
//!
//! 1. [`walk`] lists the files; one whose size, time and settings are those of the last read costs no more than that.
//! 2. The others are read in batches: heads first, so that links know every address ([`super::around`]), then bytes to
//!    drafts (`article::intake`), with the pictures copied ([`super::media`]).
//! 3. A file under a new name with the bytes of one that is gone is the same article ([`files::adopt`]).
//! 4. The store takes the drafts in, and notes how each file was read, in one transaction a batch.
//! 5. Articles whose file is gone are taken out; but not when most of a folder vanished at once.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::around::{Pages, View};
use super::media::{self, Media};
use super::{ReadReport, SourceError};
use crate::article::intake::{Head, House, Unread};
use crate::article::{ArticleId, Draft, Fault};
use crate::clock::{Clock, Instant};
use crate::config::{Config, Folder};
use crate::store::Store;
use crate::store::articles::{self, Change, Remark};
use crate::store::files::{self, File};

/// Files that are read and taken in at a time.
const BATCH: usize = 200;
/// The largest article file, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;
/// How deep folders are followed.
const DEPTH: usize = 32;

/// One file as the folder lists it.
#[derive(Clone, Debug)]
struct Found {
    key: String,
    path: PathBuf,
    size: u64,
    fingerprint: String,
}

/// One file as it was read.
struct Read {
    file: File,
    draft: Option<Draft>,
}

/// Reads what changed in the folder since the last time.
///
/// # Errors
/// The folder cannot be listed; the media folder cannot be written to; what the store says.
pub async fn read(store: &Store, config: &Config, clock: &Clock, folder: &Folder) -> Result<ReadReport, SourceError> {
    let now = clock.now();
    let name = folder.name.as_str();
    let house = Arc::new(house(config, folder, now));
    let root = config.path(&folder.path);
    let (found, mut listing_faults) = blocking({
        let (name, root, settings) = (name.to_owned(), root.clone(), settings_of(config, folder));
        move || walk(&name, &root, &settings)
    })
    .await??;
    let mut tx = store.read().await?;
    let known = files::of(&mut tx, name).await?;
    drop(tx);
    let mut report = ReadReport { source: name.to_owned(), files: found.len(), ..Default::default() };
    let here: HashSet<&str> = found.iter().map(|file| file.key.as_str()).collect();
    let mut gone: HashMap<String, File> =
        known.iter().filter(|(path, _)| !here.contains(path.as_str())).map(|(p, f)| (p.clone(), f.clone())).collect();
    let mut faults: Vec<Fault> = Vec::new();
    let mut changed: Vec<Found> = Vec::new();
    for file in &found {
        match known.get(&file.key) {
            Some(known) if known.fingerprint == file.fingerprint => faults.extend(known.faults.iter().cloned()),
            _ => changed.push(file.clone()),
        }
    }
    if changed.is_empty() && gone.is_empty() {
        faults.append(&mut listing_faults);
        report.faults = faults;
        finish(store, name, now, &mut report).await?;
        return Ok(report);
    }
    let mut tx = store.write().await?;
    files::ensure_source(&mut tx, name).await?;
    tx.commit().await?;
    let mut tx = store.read().await?;
    let mut pages = Pages::default();
    for (path, language, slug) in files::places(&mut tx, name).await? {
        pages.add(&path, config.site.article(&language, &slug));
    }
    drop(tx);
    let mut desk = Desk {
        house,
        site: config.site.clone(),
        roots: folder.assets.iter().map(|assets| config.path(assets)).chain([root.clone()]).collect(),
        pages,
        media: Media::new(config.path(&config.site.media), &config.site.url),
    };
    (desk, changed) = blocking(move || {
        desk.learn(&changed);
        (desk, changed)
    })
    .await?;
    let mut moved: HashSet<ArticleId> = HashSet::new();
    for batch in changed.chunks(BATCH) {
        let batch = batch.to_vec();
        let (read, returned) = blocking(move || {
            let read = batch.iter().filter_map(|file| desk.read(file)).collect::<Vec<_>>();
            (read, desk)
        })
        .await?;
        desk = returned;
        if let Some(error) = desk.media.failure() {
            return Err(error);
        }
        let renamed = renamed(&read, &known, &mut gone);
        moved.extend(renamed.iter().map(|(_, id)| *id));
        take_in(store, name, now, read, &renamed, &mut report, &mut faults).await?;
    }
    report.new_faults = faults.len();
    faults.append(&mut listing_faults);
    take_out(store, name, now, &known, gone, &moved, &mut report).await?;
    report.faults = faults;
    finish(store, name, now, &mut report).await?;
    Ok(report)
}

/// What `check` asks: every fault of the folder's files, with nothing kept.
///
/// # Errors
/// The folder cannot be listed.
pub fn faults(config: &Config, clock: &Clock, folder: &Folder) -> Result<Vec<Fault>, SourceError> {
    let house = house(config, folder, clock.now());
    let root = config.path(&folder.path);
    let (found, mut faults) = walk(&folder.name, &root, "")?;
    // Pictures are looked for and copied like in earnest, but into a folder that goes away.
    let away = tempfile::tempdir().map_err(|source| SourceError::Media { path: std::env::temp_dir(), source })?;
    let mut desk = Desk {
        house: Arc::new(house),
        site: config.site.clone(),
        roots: folder.assets.iter().map(|assets| config.path(assets)).chain([root]).collect(),
        pages: Pages::default(),
        media: Media::new(away.path().to_owned(), &config.site.url),
    };
    desk.learn(&found);
    faults.extend(found.iter().filter_map(|file| desk.read(file)).flat_map(|read| read.file.faults));
    Ok(faults)
}

fn house(config: &Config, folder: &Folder, now: Instant) -> House {
    let topics = config.topics.iter().map(|topic| (topic.id.clone(), topic.name.all().map(str::to_owned).collect()));
    House {
        source: folder.name.clone(),
        site_url: config.site.url.clone(),
        languages: config.site.languages.clone(),
        language: folder.language.clone(),
        zone: config.site.timezone,
        now,
        topics: topics.collect(),
    }
}

/// The settings that shape what a file becomes: where they change, every file is read again.
fn settings_of(config: &Config, folder: &Folder) -> String {
    let text = format!(
        "{}|{:?}|{:?}|{}|{:?}|{:?}|{}",
        config.site.url,
        config.site.languages,
        folder.language,
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

/// Lists the files of the folder, in order; a place that can't be looked into is named.
fn walk(name: &str, root: &Path, settings: &str) -> Result<(Vec<Found>, Vec<Fault>), SourceError> {
    let refused = |reason: String| SourceError::Folder { name: name.to_owned(), path: root.to_owned(), reason };
    std::fs::read_dir(root).map_err(|error| refused(error.to_string()))?;
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    let entries = walkdir::WalkDir::new(root).follow_links(true).max_depth(DEPTH).sort_by_file_name();
    let visible = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || !entry.file_name().to_str().is_some_and(|n| n.starts_with('.') || n == "node_modules")
    };
    for entry in entries.into_iter().filter_entry(visible) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let file = error.path().unwrap_or(root).strip_prefix(root).unwrap_or(root).display().to_string();
                faults.push(Fault { file, line: None, reason: format!("can't be read: {error}"), fatal: true });
                continue;
            }
        };
        let Ok(relative) = entry.path().strip_prefix(root) else { continue };
        if !entry.file_type().is_file() || !is_article(relative) {
            continue;
        }
        let Some(key) = relative.to_str().map(|key| key.replace('\\', "/")) else {
            let file = relative.display().to_string();
            faults.push(Fault { file, line: None, reason: "its name is not UTF-8; rename it".to_owned(), fatal: true });
            continue;
        };
        let meta = match entry.metadata() {
            Ok(meta) => meta,
            Err(error) => {
                faults.push(Fault { file: key, line: None, reason: error.to_string(), fatal: true });
                continue;
            }
        };
        let modified = meta.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        let fingerprint = format!("{}-{}-{settings}", meta.len(), modified.as_nanos());
        found.push(Found { key, path: entry.path().to_owned(), size: meta.len(), fingerprint });
    }
    Ok((found, faults))
}

/// Whether a file may hold an article: Markdown or HTML, and no section page (`_index.md`, Hugo and Zola) or include.
fn is_article(path: &Path) -> bool {
    let ending = path.extension().and_then(|end| end.to_str()).unwrap_or_default().to_lowercase();
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    matches!(ending.as_str(), "md" | "markdown" | "mdown" | "mkd" | "html" | "htm")
        && !stem.starts_with('_')
        && !matches!(stem.to_uppercase().as_str(), "README" | "LICENSE" | "CONTRIBUTING")
}

fn bytes_of(file: &Found) -> Result<Vec<u8>, Fault> {
    let fault = |reason: String| Fault { file: file.key.clone(), line: None, reason, fatal: true };
    if file.size > LARGEST {
        return Err(fault("it is over 16 MB, too large for an article; shorten it".to_owned()));
    }
    std::fs::read(&file.path).map_err(|error| fault(format!("can't be read: {error}")))
}

/// What reading a batch needs at hand.
struct Desk {
    house: Arc<House>,
    site: crate::config::Site,
    roots: Vec<PathBuf>,
    pages: Pages,
    media: Media,
}

impl Desk {
    /// Learns where the articles of these files will stand, so that links between them lead there.
    fn learn(&mut self, found: &[Found]) {
        for file in found {
            let Ok(bytes) = bytes_of(file) else { continue };
            if let Ok(head) = Head::read(&file.key, &bytes, &self.house, &[]) {
                self.pages.add(&file.key, self.site.article(&head.language, &head.slug));
            }
        }
    }

    /// Reads one file; `None` where it is no article.
    fn read(&self, found: &Found) -> Option<Read> {
        let mut file = File {
            path: found.key.clone(),
            fingerprint: found.fingerprint.clone(),
            hash: String::new(),
            article: None,
            faults: Vec::new(),
        };
        let bytes = match bytes_of(found) {
            Ok(bytes) => bytes,
            Err(fault) => {
                file.faults.push(fault);
                return Some(Read { file, draft: None });
            }
        };
        file.hash = media::hash(&bytes);
        let head = match Head::read(&found.key, &bytes, &self.house, &[]) {
            Ok(head) => head,
            Err(Unread::Aside(_)) => return None,
            Err(Unread::Faults(faults)) => {
                file.faults = faults;
                return Some(Read { file, draft: None });
            }
        };
        let page = self.site.article(&head.language, &head.slug);
        let here = found.key.rsplit_once('/').map_or("", |(folder, _)| folder);
        let view = View { here, roots: &self.roots, pages: &self.pages, media: &self.media };
        let taken = head.draft(&self.house, &page, &view);
        file.faults = taken.faults;
        Some(Read { file, draft: Some(taken.draft) })
    }
}

/// Files under a new name with the bytes of one that is gone: each with the article it is.
fn renamed(read: &[Read], known: &HashMap<String, File>, gone: &mut HashMap<String, File>) -> Vec<(String, ArticleId)> {
    let mut renamed = Vec::new();
    for one in read.iter().filter(|one| one.draft.is_some() && !known.contains_key(&one.file.path)) {
        let same = gone.iter().find(|(_, file)| file.hash == one.file.hash && file.article.is_some());
        let Some((path, article)) = same.and_then(|(path, file)| Some((path.clone(), file.article?))) else { continue };
        // The old name's row stays in `gone` as a mere name: its article has moved.
        if let Some(file) = gone.get_mut(&path) {
            file.article = None;
        }
        renamed.push((one.file.path.clone(), article));
    }
    renamed
}

async fn take_in(
    store: &Store,
    name: &str,
    now: Instant,
    read: Vec<Read>,
    renamed: &[(String, ArticleId)],
    report: &mut ReadReport,
    faults: &mut Vec<Fault>,
) -> Result<(), SourceError> {
    let mut kept: Vec<File> = Vec::with_capacity(read.len());
    let mut drafts: Vec<Draft> = Vec::with_capacity(read.len());
    let mut places: Vec<usize> = Vec::with_capacity(read.len());
    for one in read {
        if let Some(draft) = one.draft {
            places.push(kept.len());
            drafts.push(draft);
        }
        kept.push(one.file);
    }
    let mut tx = store.write().await?;
    files::adopt(&mut tx, name, renamed).await?;
    let taken = articles::take_in_all(&mut tx, name, &drafts, now).await?;
    for (taken, place) in taken.iter().zip(places) {
        match taken.change {
            Change::New => report.new += 1,
            Change::Revised(_) => report.changed += 1,
            Change::Unchanged => {}
        }
        let file = &mut kept[place];
        file.article = Some(taken.article);
        for remark in &taken.remarks {
            let reason = said(remark, &taken.slug);
            file.faults.push(Fault { file: file.path.clone(), line: None, reason, fatal: false });
        }
    }
    files::keep(&mut tx, name, &kept).await?;
    tx.commit().await?;
    faults.extend(kept.into_iter().flat_map(|file| file.faults));
    Ok(())
}

fn said(remark: &Remark, slug: &str) -> String {
    match remark {
        Remark::SlugTaken { asked } => {
            format!("another article of this language has the address “{asked}”; this one stands under “{slug}”")
        }
        Remark::SlugKept { asked } => {
            format!("it is public under “{slug}” and keeps that address; “{asked}” is not taken up")
        }
        Remark::GuidTaken { asked, by } => format!("the feed id “{asked}” is already that of article {by}"),
        Remark::StoryTaken { by } => format!(
            "it asks to be one story with others, which have article {by} in this language already; it tells a story of its own"
        ),
        Remark::GuidKept { asked } => format!("it is public under another feed id; “{asked}” is not taken up"),
    }
}

/// Takes out the articles whose files are gone.
async fn take_out(
    store: &Store,
    name: &str,
    now: Instant,
    known: &HashMap<String, File>,
    gone: HashMap<String, File>,
    moved: &HashSet<ArticleId>,
    report: &mut ReadReport,
) -> Result<(), SourceError> {
    let held: HashSet<ArticleId> =
        known.iter().filter(|(path, _)| !gone.contains_key(*path)).filter_map(|(_, file)| file.article).collect();
    let out: Vec<ArticleId> = gone
        .values()
        .filter_map(|file| file.article)
        .filter(|article| !held.contains(article) && !moved.contains(article))
        .collect();
    if out.len() > 3 && out.len() * 2 > known.values().filter(|file| file.article.is_some()).count() {
        report.failed = Some(format!(
            "{} of its articles have no file any more. That looks like a folder that is not there rather than a decision, \
             so nothing was taken out; put the files back, or take them out in smaller steps",
            out.len()
        ));
        return Ok(());
    }
    let paths: Vec<String> = gone.into_keys().collect();
    if paths.is_empty() {
        return Ok(());
    }
    let mut tx = store.write().await?;
    report.gone = usize::try_from(articles::remove(&mut tx, &out, now).await?).unwrap_or_default();
    files::forget(&mut tx, name, &paths).await?;
    tx.commit().await?;
    Ok(())
}

/// The whole folder was read: what the first read brought goes public with the mark of an archive.
async fn finish(store: &Store, name: &str, now: Instant, report: &mut ReadReport) -> Result<(), SourceError> {
    let mut tx = store.write().await?;
    files::ensure_source(&mut tx, name).await?;
    report.public = articles::release_due(&mut tx, now).await?.len();
    files::source_was_read(&mut tx, name, now).await?;
    tx.commit().await?;
    Ok(())
}

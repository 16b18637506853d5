//! The static copy: files that any web server can hold.
//!
//! 1. Each file that differs is written aside, and brought to the disk ([`Copy::put`]).
//! 2. Once all are there, those that stand where nothing stood are put in place, leaves first, then lists, then home
//!    pages; then those that take the place of another; then what is gone is removed ([`Copy::finish`]).
//!
//! A page that stood there before leads only to what is new or still there, and what is removed is led to by nobody any
//! more: so wherever it breaks off, a reader finds whole files and no broken link.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::shelf::{Shelf, gzip};
use super::{FeedError, Format};

/// Where the copy keeps what it knows of itself.
const OWN: &str = ".herald";
/// In there, files that wait for their places.
const ASIDE: &str = "new";
/// More files than this are brought to the disk all at once, with whatever else is on it.
const FEW: usize = 16;
/// The log of what came is read into the list when it has more lines.
const LOG: usize = 20_000;

/// What a copy came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Files that were written, as paths in the folder.
    pub written: Vec<String>,
    /// How many stood there as they are, and were not touched.
    pub unchanged: usize,
    /// Files of an earlier copy that are no more.
    pub removed: Vec<String>,
}

impl Written {
    /// What two parts came to together.
    #[must_use]
    pub fn and(mut self, other: Written) -> Written {
        self.written.extend(other.written);
        self.unchanged += other.unchanged;
        self.removed.extend(other.removed);
        self
    }
}

/// In which order files that are new take their places: first those to which the others lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Articles, pictures, feeds.
    Leaf,
    /// What leads to leaves.
    List,
    /// What leads to everything.
    Home,
}

/// A folder that is being brought up to date.
///
/// A copy has a part (`feeds`, `pages`) and knows what it wrote there the last time, so it removes
/// what is gone and never a file that it did not write. While it is open no other process writes the
/// same folder. Everything here waits for the disk: call it on a blocking thread.
#[derive(Debug)]
pub struct Copy {
    folder: PathBuf,
    part: &'static str,
    lock: File,
    /// Everything is put again; otherwise only what may have changed, and the rest stays.
    whole: bool,
    /// What stands there now, as far as this copy has seen.
    files: BTreeSet<String>,
    /// What is to go, where the copy is not whole.
    gone: BTreeSet<String>,
    aside: Vec<Aside>,
    /// Numbers of files aside.
    number: usize,
    done: Written,
    #[cfg(test)]
    steps: Option<usize>,
}

/// A file that waits for its place.
#[derive(Debug)]
struct Aside {
    path: String,
    file: PathBuf,
    target: PathBuf,
    rank: Rank,
    /// Nothing stands in its place.
    new: bool,
}

impl Copy {
    /// Opens the copy in `folder`, which is made where it is not there; waits for another process
    /// that is writing it. Everything is to be put: what is not put is gone.
    ///
    /// # Errors
    /// [`FeedError::Copy`]: the folder cannot be made or written.
    pub fn open(folder: &Path, part: &'static str) -> Result<Copy, FeedError> {
        Copy::begin(folder, part, true)
    }

    /// The same for some files only: those that are neither put nor [`Copy::gone`] stay.
    ///
    /// # Errors
    /// As [`Copy::open`].
    pub fn open_some(folder: &Path, part: &'static str) -> Result<Copy, FeedError> {
        Copy::begin(folder, part, false)
    }

    fn begin(folder: &Path, part: &'static str, whole: bool) -> Result<Copy, FeedError> {
        let own = folder.join(OWN);
        fs::create_dir_all(&own).map_err(at(&own))?;
        let path = own.join("lock");
        let lock = File::create(&path).map_err(at(&path))?;
        lock.lock().map_err(at(&path))?;
        // What a copy that broke off left there.
        let aside = own.join(ASIDE);
        match fs::remove_dir_all(&aside) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(at(&aside)(error)),
            _ => fs::create_dir(&aside).map_err(at(&aside))?,
        }
        Ok(Copy {
            folder: folder.to_owned(),
            part,
            lock,
            whole,
            files: BTreeSet::new(),
            gone: BTreeSet::new(),
            aside: Vec::new(),
            number: 0,
            done: Written::default(),
            #[cfg(test)]
            steps: None,
        })
    }

    /// What [`Copy::mark`] said of this part when it was last finished; empty where it never was.
    pub fn marked(folder: &Path, part: &str) -> String {
        fs::read_to_string(folder.join(OWN).join(format!("{part}.mark"))).unwrap_or_default()
    }

    /// Notes in `folder` of what this part was made, for [`Copy::marked`]; after [`Copy::finish`].
    ///
    /// # Errors
    /// [`FeedError::Copy`].
    pub fn mark(folder: &Path, part: &str, mark: &str) -> Result<(), FeedError> {
        let path = folder.join(OWN).join(format!("{part}.mark"));
        let beside = path.with_extension("mark.new");
        fs::write(&beside, mark).and_then(|()| fs::rename(&beside, &path)).map_err(at(&path))
    }

    /// The files of this part that are not there any more, though nobody here removed them; and how many there are.
    ///
    /// # Errors
    /// [`FeedError::Copy`]: the list cannot be read.
    pub fn missing(folder: &Path, part: &str) -> Result<(Vec<String>, usize), FeedError> {
        let listed = listed(folder, part)?;
        let count = listed.len();
        Ok((listed.into_iter().filter(|path| !folder.join(path).is_file()).collect(), count))
    }

    /// Puts `bytes` at `path` (`feeds/news.rss`), and its gzip beside it; files that already hold
    /// just that are not touched.
    ///
    /// # Errors
    /// [`FeedError::Copy`]; what stood there still stands whole.
    pub fn put(&mut self, path: &str, bytes: &[u8], gzipped: Option<&[u8]>) -> Result<(), FeedError> {
        self.put_as(Rank::Leaf, path, bytes, gzipped)
    }

    /// As [`Copy::put`], for what leads to others.
    ///
    /// # Errors
    /// As [`Copy::put`].
    pub fn put_as(&mut self, rank: Rank, path: &str, bytes: &[u8], gzipped: Option<&[u8]>) -> Result<(), FeedError> {
        let made;
        let gzipped = match gzipped {
            Some(gzipped) => gzipped,
            None => {
                made = gzip(bytes);
                &made
            }
        };
        self.set_aside(rank, &format!("{path}.gz"), gzipped)?;
        self.set_aside(rank, path, bytes)
    }

    /// Puts `bytes` at `path` without a gzip: pictures are compressed already.
    ///
    /// # Errors
    /// As [`Copy::put`].
    pub fn put_one(&mut self, path: &str, bytes: &[u8]) -> Result<(), FeedError> {
        self.set_aside(Rank::Leaf, path, bytes)
    }

    fn set_aside(&mut self, rank: Rank, path: &str, bytes: &[u8]) -> Result<(), FeedError> {
        let target = self.place(path)?;
        self.gone.remove(path);
        if !self.files.insert(path.to_owned()) {
            // Put twice: the later one counts, in one place.
            self.aside.retain(|aside| aside.path != path);
        }
        let new = match holding(&target, bytes) {
            Holding::These => {
                self.done.unchanged += 1;
                return Ok(());
            }
            holding => holding == Holding::Nothing,
        };
        let file = self.folder.join(OWN).join(ASIDE).join(self.number.to_string());
        self.number += 1;
        if let Err(source) = File::create(&file).and_then(|mut file| file.write_all(bytes)) {
            let _ = fs::remove_file(&file);
            return Err(FeedError::Copy { path: target, source });
        }
        self.aside.push(Aside { path: path.to_owned(), file, target, rank, new });
        Ok(())
    }

    /// Leaves the file at `path` and its gzip as they are: what should stand there could not be made.
    pub fn keep(&mut self, path: &str) {
        self.files.extend([path.to_owned(), format!("{path}.gz")]);
    }

    /// In a copy that is not whole: removes the file at `path` and its gzip, if they are of an earlier copy.
    pub fn gone(&mut self, path: &str) {
        let both = [path.to_owned(), format!("{path}.gz")];
        self.gone.extend(both.into_iter().filter(|path| !self.files.contains(path)));
    }

    /// Brings what was put to its places, removes what an earlier copy of this part wrote and this one did not, and says
    /// what was done.
    ///
    /// # Errors
    /// [`FeedError::Copy`].
    pub fn finish(mut self) -> Result<Written, FeedError> {
        let mut aside = std::mem::take(&mut self.aside);
        let before = if self.whole || self.gone.iter().any(|path| self.folder.join(path).exists()) {
            listed(&self.folder, self.part)?
        } else {
            BTreeSet::new()
        };
        let goes = |path: &&String| if self.whole { !self.files.contains(*path) } else { self.gone.contains(*path) };
        let goes: Vec<String> = before.iter().filter(goes).cloned().collect();
        self.done.written = aside.iter().map(|aside| aside.path.clone()).collect();
        to_disk(&self.folder, aside.iter().map(|aside| aside.file.as_path()))?;
        // What comes is in the list before it is in its place: so it is never there without being known as ours.
        self.note(&before, &aside)?;
        aside.sort_by_key(|aside| (!aside.new, aside.rank));
        let (new, changed) = aside.split_at(aside.partition_point(|aside| aside.new));
        self.take_places(new)?;
        self.take_places(changed)?;
        self.remove(goes)?;
        Ok(std::mem::take(&mut self.done))
    }

    /// Each to its place, and all of that to the disk.
    fn take_places(&mut self, files: &[Aside]) -> Result<(), FeedError> {
        let mut folders = BTreeSet::new();
        for Aside { file, target, .. } in files {
            self.step(target)?;
            let parent = target.parent().unwrap_or(&self.folder);
            if !folders.contains(parent) {
                if !parent.is_dir() {
                    fs::create_dir_all(parent).map_err(at(parent))?;
                }
                folders.extend(parent.ancestors().take_while(|a| a.starts_with(&self.folder)).map(Path::to_owned));
            }
            fs::rename(file, target).map_err(at(target))?;
        }
        to_disk(&self.folder, folders.iter().map(PathBuf::as_path))
    }

    /// Removes these files, and folders that are empty then.
    fn remove(&mut self, goes: Vec<String>) -> Result<(), FeedError> {
        let mut folders = BTreeSet::new();
        for path in &goes {
            let target = self.place(path)?;
            self.step(&target)?;
            match fs::remove_file(&target) {
                Ok(()) => self.done.removed.push(path.to_owned()),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(at(&target)(error)),
            }
            // A folder that is not empty stays.
            for folder in target.ancestors().skip(1).take_while(|a| *a != self.folder) {
                folders.remove(folder);
                if fs::remove_dir(folder).is_err() {
                    folders.insert(folder.to_owned());
                    break;
                }
            }
        }
        let folders: Vec<&Path> = folders.iter().map(PathBuf::as_path).filter(|folder| folder.is_dir()).collect();
        to_disk(&self.folder, folders.into_iter())?;
        if self.whole {
            write_list(&self.folder, self.part, &self.files)
        } else if goes.is_empty() {
            Ok(())
        } else {
            // Not into the log: what is gone may be under embargo now, and its name says what it is about.
            let mut left = listed(&self.folder, self.part)?;
            left.retain(|path| !goes.contains(path));
            write_list(&self.folder, self.part, &left)
        }
    }

    /// Adds what comes to the list of what is ours.
    fn note(&self, before: &BTreeSet<String>, coming: &[Aside]) -> Result<(), FeedError> {
        if !self.whole {
            return log(&self.folder, self.part, coming.iter().map(|aside| aside.path.as_str()));
        }
        if self.files.is_subset(before) {
            return Ok(());
        }
        let both: BTreeSet<String> = before.union(&self.files).cloned().collect();
        write_list(&self.folder, self.part, &both)
    }

    /// The place of a path that stays inside the folder.
    fn place(&self, path: &str) -> Result<PathBuf, FeedError> {
        let inside = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\0', '\\', '\n']);
        if path.starts_with(OWN) || !path.split('/').all(inside) {
            let source = std::io::Error::new(ErrorKind::InvalidInput, "this name leads out of the folder");
            return Err(FeedError::Copy { path: self.folder.join(path), source });
        }
        Ok(self.folder.join(path))
    }

    /// In tests: breaks off here, as a crash would.
    #[cfg(test)]
    fn step(&mut self, at: &Path) -> Result<(), FeedError> {
        if let Some(left) = &mut self.steps {
            if *left == 0 {
                return Err(FeedError::Copy { path: at.to_owned(), source: std::io::Error::other("broken off") });
            }
            *left -= 1;
        }
        Ok(())
    }

    #[cfg(not(test))]
    #[allow(clippy::unnecessary_wraps, clippy::unused_self)]
    fn step(&mut self, _: &Path) -> Result<(), FeedError> {
        Ok(())
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.folder.join(OWN).join(ASIDE));
        let _ = self.lock.unlock();
    }
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> FeedError + use<> {
    let path = path.to_owned();
    move |source| FeedError::Copy { path, source }
}

/// What stands in a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holding {
    Nothing,
    These,
    Others,
}

/// Whether the file holds just these bytes.
fn holding(path: &Path, bytes: &[u8]) -> Holding {
    let Ok(file) = fs::symlink_metadata(path) else { return Holding::Nothing };
    let same_length = file.is_file() && Some(file.len()) == u64::try_from(bytes.len()).ok();
    if same_length && fs::read(path).is_ok_and(|held| held == bytes) { Holding::These } else { Holding::Others }
}

/// Brings files or folders to the disk: a few one by one, many by asking the system for all that it has not written yet.
fn to_disk<'p>(folder: &Path, paths: impl ExactSizeIterator<Item = &'p Path>) -> Result<(), FeedError> {
    if paths.len() > FEW && all_to_disk(folder).is_ok() {
        return Ok(());
    }
    for path in paths {
        File::open(path).and_then(|file| file.sync_all()).map_err(at(path))?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn all_to_disk(folder: &Path) -> std::io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(folder)?)?)
}

#[cfg(not(target_os = "linux"))]
fn all_to_disk(_: &Path) -> std::io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// What an earlier copy wrote: the list, and what its log says has come since.
fn listed(folder: &Path, part: &str) -> Result<BTreeSet<String>, FeedError> {
    let (list, log) = (list_of(folder, part), log_of(folder, part));
    let mut files: BTreeSet<String> = read(&list)?.lines().map(str::to_owned).collect();
    files.extend(read(&log)?.lines().map(str::to_owned));
    Ok(files)
}

fn list_of(folder: &Path, part: &str) -> PathBuf {
    folder.join(OWN).join(part)
}

fn log_of(folder: &Path, part: &str) -> PathBuf {
    folder.join(OWN).join(format!("{part}.log"))
}

fn read(path: &Path) -> Result<String, FeedError> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(at(path)),
    }
}

/// Writes the list anew; its log ends with that.
fn write_list(folder: &Path, part: &str, files: &BTreeSet<String>) -> Result<(), FeedError> {
    let list = list_of(folder, part);
    let text: String = files.iter().map(|path| format!("{path}\n")).collect();
    if read(&list)? != text {
        let beside = list.with_extension("new");
        let written = File::create(&beside).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.and_then(|()| fs::rename(&beside, &list)).map_err(at(&list))?;
    }
    match fs::remove_file(log_of(folder, part)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(at(&list)(error)),
        _ => Ok(()),
    }
}

/// Adds lines to the log.
fn log<'p>(folder: &Path, part: &str, paths: impl Iterator<Item = &'p str>) -> Result<(), FeedError> {
    let path = log_of(folder, part);
    let text: String = paths.map(|path| format!("{path}\n")).collect();
    if text.is_empty() {
        return Ok(());
    }
    let written = OpenOptions::new().create(true).append(true).open(&path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(at(&path))?;
    if read(&path)?.lines().count() > LOG {
        write_list(folder, part, &listed(folder, part)?)?;
    }
    Ok(())
}

/// Writes every feed of the shelf into `folder` as `feeds/NAME.rss`, `.atom`, `.json`, and the list of them as
/// `feeds.opml`, each with its `.gz` beside it. Files that did not change are not touched; those of feeds that are no more are removed.
///
/// # Errors
/// [`FeedError::Copy`]: a file could not be written; the one that stood there still stands whole.
pub async fn write_static(shelf: &Shelf, folder: &Path) -> Result<Written, FeedError> {
    let (documents, opml, without, folder) = (shelf.all(), shelf.opml(), shelf.without(), folder.to_owned());
    let work = tokio::task::spawn_blocking(move || {
        let mut copy = Copy::open(&folder, "feeds")?;
        for (name, document) in &documents {
            let Some(format) = document.format else { continue };
            let path = format!("feeds/{name}.{}", format.extension());
            copy.put(&path, &document.bytes, Some(&document.gzip))?;
        }
        if let Some(opml) = &opml {
            copy.put("feeds.opml", &opml.bytes, Some(&opml.gzip))?;
        }
        for name in &without {
            Format::ALL.iter().for_each(|format| copy.keep(&format!("feeds/{name}.{}", format.extension())));
        }
        copy.finish()
    });
    work.await.map_err(|error| FeedError::Broken(error.to_string()))?
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::sync::Arc;

    use super::*;

    fn copied(folder: &Path, files: &[(&str, &str)]) -> Written {
        let mut copy = Copy::open(folder, "pages").expect("a copy");
        for (path, text) in files {
            copy.put(path, text.as_bytes(), None).expect("a file");
        }
        copy.finish().expect("a copy")
    }

    fn listed(folder: &Path) -> Vec<String> {
        let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(Result::ok);
        let files = files.filter(|file| file.file_type().is_file());
        files.map(|file| file.path().strip_prefix(folder).unwrap().display().to_string()).collect()
    }

    #[test]
    fn only_what_changed_is_written_and_what_is_gone_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        fs::write(folder.join("theirs.html"), "not ours").unwrap();
        let first = copied(folder, &[("index.html", "one"), ("archive/2026/index.html", "two"), ("a/b.html", "x")]);
        assert_eq!(first.written.len(), 6);
        let inode = |path: &str| std::os::unix::fs::MetadataExt::ino(&fs::metadata(folder.join(path)).unwrap());
        let before = inode("archive/2026/index.html");
        let mut kept = Copy::open(folder, "pages").expect("a copy");
        kept.keep("a/b.html");
        kept.keep("index.html");
        kept.keep("archive/2026/index.html");
        assert_eq!(kept.finish().expect("a copy"), Written::default());
        let second = copied(folder, &[("index.html", "ONE"), ("archive/2026/index.html", "two")]);
        assert_eq!(second.written, ["index.html.gz", "index.html"]);
        assert_eq!((second.unchanged, second.removed), (2, vec!["a/b.html".to_owned(), "a/b.html.gz".to_owned()]));
        assert_eq!(inode("archive/2026/index.html"), before);
        let files = listed(folder);
        let there =
            ["archive/2026/index.html", "archive/2026/index.html.gz", "index.html", "index.html.gz", "theirs.html"];
        assert_eq!(
            files.iter().filter(|file| !file.starts_with(OWN)).collect::<Vec<_>>(),
            there.iter().collect::<Vec<_>>()
        );
        let mut text = String::new();
        let gzipped = File::open(folder.join("index.html.gz")).unwrap();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(gzipped), &mut text).unwrap();
        assert_eq!(text, "ONE");
    }

    /// Pages that lead to each other, as text: `place -> places`.
    type Site = [(&'static str, &'static [&'static str])];

    const BEFORE: &Site = &[
        ("index.html", &["list/index.html", "a/index.html"]),
        ("list/index.html", &["a/index.html", "b/index.html", "index.html"]),
        ("a/index.html", &["b/index.html", "list/index.html"]),
        ("b/index.html", &["a/index.html", "old.css"]),
        ("old.css", &[]),
    ];
    /// `a` has gone, `c` has come with a list of its own, and both name each other.
    const AFTER: &Site = &[
        ("index.html", &["list/index.html", "more/index.html", "c/index.html"]),
        ("list/index.html", &["b/index.html", "c/index.html", "index.html"]),
        ("b/index.html", &["c/index.html", "new.css"]),
        ("c/index.html", &["b/index.html", "more/index.html", "new.css"]),
        ("more/index.html", &["c/index.html", "list/index.html"]),
        ("new.css", &[]),
    ];

    fn written(copy: &mut Copy, site: &Site) {
        for (path, leads) in site {
            let rank = if *path == "index.html" { Rank::Home } else { Rank::List };
            copy.put_as(rank, path, leads.join("\n").as_bytes(), None).expect("a file");
        }
    }

    /// Every place that a reader can get to from the home page is there.
    fn is_sound(folder: &Path) -> bool {
        let (mut seen, mut ahead) = (BTreeSet::new(), vec!["index.html".to_owned()]);
        while let Some(path) = ahead.pop() {
            let Ok(text) = fs::read_to_string(folder.join(&path)) else { return path == "index.html" };
            ahead.extend(text.lines().map(str::to_owned).filter(|path| seen.insert(path.clone())));
        }
        true
    }

    #[test]
    fn wherever_it_breaks_off_no_link_is_broken_and_the_next_copy_mends_it() {
        let whole = |folder: &Path, site: &Site, steps| {
            let mut copy = Copy::open(folder, "pages").expect("a copy");
            written(&mut copy, site);
            copy.steps = steps;
            copy.finish()
        };
        let some = |folder: &Path, steps| {
            let mut copy = Copy::open_some(folder, "pages").expect("a copy");
            written(&mut copy, AFTER);
            copy.gone("a/index.html");
            copy.gone("old.css");
            copy.steps = steps;
            copy.finish()
        };
        let clean = tempfile::tempdir().expect("a folder");
        whole(clean.path(), AFTER, None).expect("a copy");
        let clean: Vec<String> = listed(clean.path()).into_iter().filter(|path| !path.starts_with(OWN)).collect();
        for first in [true, false] {
            for in_part in [true, false] {
                for steps in 0.. {
                    let folder = tempfile::tempdir().expect("a folder");
                    let folder = folder.path();
                    if !first {
                        whole(folder, BEFORE, None).expect("a copy");
                    }
                    let done = if in_part { some(folder, Some(steps)) } else { whole(folder, AFTER, Some(steps)) };
                    assert!(is_sound(folder), "after {steps} steps");
                    let mended = if in_part { some(folder, None) } else { whole(folder, AFTER, None) };
                    mended.expect("a copy");
                    let files = listed(folder);
                    assert!(files.iter().filter(|path| !path.starts_with(OWN)).eq(&clean), "{files:?}");
                    if done.is_ok() {
                        assert!(steps >= 12, "only {steps} steps");
                        break;
                    }
                }
            }
        }
    }

    #[test]
    fn a_part_is_known_as_ours_and_the_rest_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        fs::write(folder.join("theirs.html"), "not ours").unwrap();
        copied(folder, &[("a/index.html", "a"), ("b/index.html", "b")]);
        let mut some = Copy::open_some(folder, "pages").expect("a copy");
        some.put("c/index.html", b"c", None).expect("a file");
        ["a/index.html", "theirs.html"].iter().for_each(|path| some.gone(path));
        let done = some.finish().expect("a copy");
        assert_eq!(done.removed, ["a/index.html", "a/index.html.gz"], "what others put there stays");
        assert_eq!(Copy::missing(folder, "pages").expect("a list"), (vec![], 4));
        fs::remove_file(folder.join("b/index.html")).unwrap();
        assert_eq!(Copy::missing(folder, "pages").expect("a list").0, ["b/index.html"]);
        assert_eq!(copied(folder, &[("b/index.html", "b")]).removed, ["c/index.html", "c/index.html.gz"]);
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut copy = Copy::open(folder.path(), "pages").expect("a copy");
        for path in ["../a", "/a", "a/../../b", "a//b", "", ".", "a\0b", ".herald/pages"] {
            assert!(copy.put_one(path, b"x").is_err(), "{path:?}");
        }
    }

    #[test]
    fn what_cannot_be_written_leaves_the_old_file_whole_and_says_what_to_do() {
        let folder = tempfile::tempdir().expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
            .arg(folder.path())
            .output()
            .is_ok_and(|done| done.status.success());
        if !mounted {
            eprintln!("passed over: a full disk (only root can mount a small one)");
            return;
        }
        let site = folder.path().join("site");
        copied(&site, &[("feeds/news.rss", "the old feed")]);
        let mut copy = Copy::open(&site, "pages").expect("a copy");
        // Bytes that no gzip makes smaller.
        let big: Vec<u8> = (0..200_000_u64).map(|n| (n.wrapping_mul(6_364_136_223_846_793_005) >> 33) as u8).collect();
        let error = copy.put("feeds/news.rss", &big, Some(b"x")).expect_err("no room");
        let message = error.to_string();
        drop(copy);
        let held = fs::read_to_string(site.join("feeds/news.rss")).unwrap();
        let files = listed(&site);
        let _ = Command::new("umount").arg(folder.path()).status();
        assert_eq!(held, "the old feed");
        assert!(error.is_full() && message.contains("news.rss") && message.contains("Make room"), "{message}");
        assert!(!files.iter().any(|file| file.starts_with(".herald/new/")), "{files:?}");
    }

    #[tokio::test]
    async fn an_empty_shelf_writes_nothing_into_the_folder_but_its_own_mark() {
        let folder = tempfile::tempdir().expect("a folder");
        let written = write_static(&Arc::new(Shelf::new()), folder.path()).await.expect("a copy");
        assert_eq!(written, Written::default());
    }
}

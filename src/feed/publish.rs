//! The static copy: files that any web server can hold. Each is written beside its place, brought to
//! the disk, and renamed, so that a reader sees the old one or the new one and a crash leaves either.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::shelf::{Shelf, gzip};
use super::{FeedError, Format};

/// Where the copy keeps what it knows of itself.
const OWN: &str = ".herald";

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

/// A folder that is being brought up to date, file by file.
///
/// A copy has a part (`feeds`, `pages`) and knows what it wrote there the last time, so it removes
/// what is gone and never a file that it did not write. While it is open no other process writes the
/// same folder. Everything here waits for the disk: call it on a blocking thread.
#[derive(Debug)]
pub struct Copy {
    folder: PathBuf,
    part: &'static str,
    lock: File,
    files: BTreeSet<String>,
    touched: BTreeSet<PathBuf>,
    done: Written,
}

impl Copy {
    /// Opens the copy in `folder`, which is made where it is not there; waits for another process
    /// that is writing it.
    ///
    /// # Errors
    /// [`FeedError::Copy`]: the folder cannot be made or written.
    pub fn open(folder: &Path, part: &'static str) -> Result<Copy, FeedError> {
        let own = folder.join(OWN);
        fs::create_dir_all(&own).map_err(at(&own))?;
        let path = own.join("lock");
        let lock = File::create(&path).map_err(at(&path))?;
        lock.lock().map_err(at(&path))?;
        Ok(Copy {
            folder: folder.to_owned(),
            part,
            lock,
            files: BTreeSet::new(),
            touched: BTreeSet::new(),
            done: Written::default(),
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
        fs::write(&path, mark).map_err(at(&path))
    }

    /// Puts `bytes` at `path` (`feeds/news.rss`), and its gzip beside it; files that already hold
    /// just that are not touched.
    ///
    /// # Errors
    /// [`FeedError::Copy`]; the file that stood there still stands whole.
    pub fn put(&mut self, path: &str, bytes: &[u8], gzipped: Option<&[u8]>) -> Result<(), FeedError> {
        let made;
        let gzipped = match gzipped {
            Some(gzipped) => gzipped,
            None => {
                made = gzip(bytes);
                &made
            }
        };
        // The smaller first: should the disk fill up in between, the file itself is still the old one,
        // and the next copy mends the pair.
        self.put_one(&format!("{path}.gz"), gzipped)?;
        self.put_one(path, bytes)
    }

    /// Puts `bytes` at `path` without a gzip: pictures are compressed already.
    ///
    /// # Errors
    /// As [`Copy::put`].
    pub fn put_one(&mut self, path: &str, bytes: &[u8]) -> Result<(), FeedError> {
        let target = self.place(path)?;
        self.files.insert(path.to_owned());
        if holds(&target, bytes) {
            self.done.unchanged += 1;
            return Ok(());
        }
        let parent = target.parent().unwrap_or(&self.folder).to_owned();
        if !parent.is_dir() {
            fs::create_dir_all(&parent).map_err(at(&parent))?;
            self.touched
                .extend(parent.ancestors().skip(1).take_while(|a| a.starts_with(&self.folder)).map(Path::to_owned));
        }
        let beside = parent.join(format!(".{}.new", target.file_name().unwrap_or_default().to_string_lossy()));
        let written = File::create(&beside).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        if let Err(source) = written.and_then(|()| fs::rename(&beside, &target)) {
            let _ = fs::remove_file(&beside);
            return Err(FeedError::Copy { path: target, source });
        }
        self.touched.insert(parent);
        self.done.written.push(path.to_owned());
        Ok(())
    }

    /// Leaves the file at `path` and its gzip as they are: what should stand there could not be made.
    pub fn keep(&mut self, path: &str) {
        self.files.extend([path.to_owned(), format!("{path}.gz")]);
    }

    /// Removes what an earlier copy of this part wrote and this one did not, brings the folders to
    /// the disk, and says what was done.
    ///
    /// # Errors
    /// [`FeedError::Copy`].
    pub fn finish(mut self) -> Result<Written, FeedError> {
        let list = self.folder.join(OWN).join(self.part);
        let before = match fs::read_to_string(&list) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(at(&list)(error)),
        };
        for path in before.lines().filter(|path| !self.files.contains(*path)) {
            let target = self.place(path)?;
            match fs::remove_file(&target) {
                Ok(()) => self.done.removed.push(path.to_owned()),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(at(&target)(error)),
            }
            // A folder that is empty now goes too; one that is not stays.
            for folder in target.ancestors().skip(1).take_while(|a| *a != self.folder) {
                if fs::remove_dir(folder).is_err() {
                    self.touched.insert(folder.to_owned());
                    break;
                }
            }
        }
        let now: String = self.files.iter().map(|path| format!("{path}\n")).collect();
        if now != before {
            let beside = list.with_extension("new");
            let written = File::create(&beside).and_then(|mut file| {
                file.write_all(now.as_bytes())?;
                file.sync_all()
            });
            written.and_then(|()| fs::rename(&beside, &list)).map_err(at(&list))?;
            self.touched.insert(self.folder.join(OWN));
        }
        for folder in &self.touched {
            match File::open(folder).and_then(|folder| folder.sync_all()) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(at(folder)(error)),
                _ => {}
            }
        }
        let _ = self.lock.unlock();
        Ok(self.done)
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
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> FeedError + use<> {
    let path = path.to_owned();
    move |source| FeedError::Copy { path, source }
}

/// Whether the file holds just these bytes.
fn holds(path: &Path, bytes: &[u8]) -> bool {
    let length = u64::try_from(bytes.len()).ok();
    fs::symlink_metadata(path).is_ok_and(|file| file.is_file() && Some(file.len()) == length)
        && fs::read(path).is_ok_and(|held| held == bytes)
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
        assert!(!files.iter().any(|file| file.ends_with(".new")), "{files:?}");
    }

    #[tokio::test]
    async fn an_empty_shelf_writes_nothing_into_the_folder_but_its_own_mark() {
        let folder = tempfile::tempdir().expect("a folder");
        let written = write_static(&Arc::new(Shelf::new()), folder.path()).await.expect("a copy");
        assert_eq!(written, Written::default());
    }
}

//! Reading files with everything at hand that they need: heads first, so that links, translations and ids know every
//! article; then the whole.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use super::claims::{self, Claim, Holder};
use super::data::Defaults;
use super::renamed::Fresh;
use super::walk::Found;
use crate::article::intake::{Head, House, Unread};
use crate::article::place::Place;
use crate::article::{ArticleId, Draft, Fault, Language, slug};
use crate::config::Site;
use crate::source::around::{Pages, View, Wanted, stamp, used, without_ending};
use crate::source::media::{self, Media};
use crate::store::files::{File, Standing};

/// The largest article file, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;

/// One file as it was read.
pub(super) struct Read {
    pub(super) file: File,
    pub(super) draft: Option<Draft>,
    /// It is no article, and holds none.
    pub(super) aside: bool,
}

/// What reading needs at hand.
pub(super) struct Desk {
    pub(super) house: Arc<House>,
    pub(super) site: Site,
    /// Folders in which references are looked up, the source's own last.
    pub(super) roots: Vec<PathBuf>,
    pub(super) pages: Pages,
    pub(super) media: Media,
    pub(super) defaults: Defaults,
    /// What `translation_of` names, and the articles that may be meant, by path without ending.
    pub(super) wanted: HashMap<String, BTreeSet<String>>,
}

/// What the heads of files say that matters before any is read.
#[derive(Debug, Default)]
pub(super) struct Learnt {
    /// The ids that files bring, in order.
    pub(super) claims: Vec<Claim>,
    /// Files that were not there before: they may be those that are gone, under a new name.
    pub(super) fresh: Vec<Fresh>,
}

/// What the head of one file says.
struct Glance {
    page: String,
    translation_of: Option<String>,
    claim: Option<Claim>,
    fresh: Option<Fresh>,
}

/// Heads that are read before what they say is gathered.
const HEADS: usize = 2_000;
/// Fewer items than this are not worth a thread.
const FEW: usize = 16;

/// Does `work` on each item, on every processor at once; the answers in the order of the items.
fn in_parallel<T: Sync, A: Send>(items: &[T], work: impl Fn(&T) -> A + Sync) -> Vec<A> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(items.len() / FEW).max(1);
    if threads == 1 {
        return items.iter().map(work).collect();
    }
    let work = &work;
    std::thread::scope(|scope| {
        let parts = items.chunks(items.len().div_ceil(threads));
        let parts: Vec<_> = parts.map(|part| scope.spawn(move || part.iter().map(work).collect::<Vec<_>>())).collect();
        let done = parts.into_iter().map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        done.flatten().collect()
    })
}

impl Desk {
    fn bytes_of(&self, file: &Found) -> Result<Vec<u8>, Fault> {
        let fault = |reason: String| Fault { file: file.key.clone(), line: None, reason, fatal: true };
        if file.size > LARGEST {
            return Err(fault("it is over 16 MB, too large for an article; shorten it".to_owned()));
        }
        let Some(root) = self.roots.last() else { return Err(fault("its folder is not known".to_owned())) };
        std::fs::read(root.join(&file.key)).map_err(|error| fault(format!("can't be read: {error}")))
    }

    fn head(&self, file: &Found, bytes: &[u8]) -> Result<Head, Unread> {
        Head::read(&file.key, bytes, &self.house, &self.defaults.of(&file.key))
    }

    /// What is wrong with files whose id another one has, and that other one as it is now: by file.
    pub(super) fn refusals(
        &self,
        refused: HashMap<String, (Claim, Holder)>,
    ) -> HashMap<String, (Fault, (String, String))> {
        let (at, root) = self.roots.iter().enumerate().next_back().unzip();
        let refused = refused.into_iter().map(|(key, (claim, mut holder))| {
            holder.line = holder.line.or_else(|| self.id_line(&holder.key));
            let is_now = root.map(|root: &PathBuf| stamp(&root.join(&holder.key))).unwrap_or_default();
            (key, (claims::fault(&claim, &holder), (used(at.unwrap_or_default(), &holder.key), is_now)))
        });
        refused.collect()
    }

    fn id_line(&self, key: &str) -> Option<usize> {
        let meta = std::fs::metadata(self.roots.last()?.join(key)).ok()?;
        let file = Found { key: key.to_owned(), size: meta.len(), fingerprint: String::new() };
        self.head(&file, &self.bytes_of(&file).ok()?).ok()?.id_line
    }

    /// Reads the heads of these files; of those that `fresh` picks, also what tells them again under another name.
    pub(super) fn learn(&mut self, found: &[&Found], fresh: impl Fn(&Found) -> bool + Sync) -> Learnt {
        let mut learnt = Learnt::default();
        for batch in found.chunks(HEADS) {
            let heads = in_parallel(batch, |file| self.glance(file, &fresh));
            for (file, glance) in batch.iter().zip(heads) {
                let Some(glance) = glance else { continue };
                self.pages.add(&file.key, glance.page);
                if let Some(name) = glance.translation_of {
                    self.wanted.insert(name, BTreeSet::new());
                }
                learnt.claims.extend(glance.claim);
                learnt.fresh.extend(glance.fresh);
            }
        }
        learnt
    }

    /// The paths, without ending, of the articles that these files may lead to; `None` where that cannot be told without
    /// knowing all of them.
    pub(super) fn wanted_by(&self, found: &[&Found]) -> Option<BTreeSet<String>> {
        let mut paths = BTreeSet::new();
        for file in found {
            let Ok(head) =
                self.bytes_of(file).map_err(|_| ()).and_then(|bytes| self.head(file, &bytes).map_err(|_| ()))
            else {
                continue;
            };
            if head.matter.translation_of.is_some() {
                return None;
            }
            let page = self.site.article(&head.language, &head.slug);
            let here = file.key.rsplit_once('/').map_or("", |(folder, _)| folder);
            let wanted = Wanted { here, paths: RefCell::default(), anywhere: Cell::new(false) };
            head.draft(&self.house, &page, &wanted);
            if wanted.anywhere.get() {
                return None;
            }
            paths.extend(wanted.paths.into_inner());
        }
        Some(paths)
    }

    /// What one file's head says; `None` where it cannot be read, which is said when it is read whole.
    fn glance(&self, file: &Found, fresh: &impl Fn(&Found) -> bool) -> Option<Glance> {
        let bytes = self.bytes_of(file).ok()?;
        let head = self.head(file, &bytes).ok()?;
        let claim = head.id.zip(head.matter.id.as_ref()).map(|(id, (_, said))| Claim {
            id,
            key: file.key.clone(),
            line: head.id_line,
            said: said.clone(),
        });
        Some(Glance {
            page: self.site.article(&head.language, &head.slug),
            translation_of: head.matter.translation_of.as_ref().map(|(_, name)| name.clone()),
            claim,
            fresh: fresh(file).then(|| Fresh::of(&head, media::hash(&bytes), &self.house)),
        })
    }

    /// Finds out, once every article is known, which ones `translation_of` may mean: by id, by slug.
    pub(super) fn settle(&mut self, standing: &[Standing], claims: &[Claim]) {
        if self.wanted.is_empty() {
            return;
        }
        let names: Vec<String> = self.wanted.keys().cloned().collect();
        let (mut urls, mut ids) = (HashMap::new(), HashMap::new());
        for name in &names {
            for language in &self.house.languages {
                urls.insert(self.site.article(language, &slug(name)), name);
            }
            for id in ids_named(&self.house, name) {
                ids.insert(id, name);
            }
        }
        let mut meant: Vec<(&String, String)> = Vec::new();
        meant.extend(self.pages.all().filter_map(|(bare, url)| Some((*urls.get(url)?, bare.to_owned()))));
        let known = standing.iter().map(|standing| (standing.article, &standing.path));
        for (id, key) in known.chain(claims.iter().map(|claim| (claim.id, &claim.key))) {
            meant.extend(ids.get(&id).map(|name| (*name, without_ending(key).to_owned())));
        }
        for (name, bare) in meant {
            if let Some(all) = self.wanted.get_mut(name) {
                all.insert(bare);
            }
        }
    }

    /// The place of the article that the file `key` names by `translation_of`; else why it is not known.
    fn original(&self, key: &str, here: &str, name: &str) -> Result<String, String> {
        let own = without_ending(key);
        let place = |bare: &str| Place::of(&format!("{bare}.md"), &self.house.languages).map(|place| place.alike).ok();
        let named = self.pages.path(here, name).filter(|bare| *bare != own).and_then(place);
        if let Some(place) = named {
            return Ok(place);
        }
        let meant = self.wanted.get(name).into_iter().flatten().filter(|bare| *bare != own);
        let mut places: BTreeSet<String> = meant.filter_map(|bare| place(bare)).collect();
        match (places.pop_first(), places.is_empty()) {
            (Some(place), true) => Ok(place),
            (Some(_), false) => {
                Err(format!("several articles are called “{name}”; name the file of the one that is meant"))
            }
            (None, _) => Err(format!(
                "no article of this source has the file, the slug or the id “{name}”; it stands alone until one has"
            )),
        }
    }

    /// Reads one file.
    pub(super) fn read(&self, found: &Found) -> Read {
        let file = File { path: found.key.clone(), fingerprint: found.fingerprint.clone(), ..File::default() };
        let mut read = Read { file, draft: None, aside: false };
        let bytes = match self.bytes_of(found) {
            Ok(bytes) => bytes,
            Err(fault) => {
                read.file.faults.push(fault);
                return read;
            }
        };
        read.file.hash = media::hash(&bytes);
        let mut head = match self.head(found, &bytes) {
            Ok(head) => head,
            Err(Unread::Aside(_)) => {
                read.aside = true;
                return read;
            }
            Err(Unread::Faults(faults)) => {
                read.file.faults = faults;
                return read;
            }
        };
        let here = found.key.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut original = None;
        if let Some((line, name)) = head.matter.translation_of.clone() {
            match self.original(&found.key, here, &name) {
                Ok(place) => original = Some(place),
                Err(reason) => {
                    head.warn(Some(line), format!("`translation_of`: {reason}"));
                    read.file.unsettled = true;
                }
            }
        }
        let page = self.site.article(&head.language, &head.slug);
        let uses = RefCell::new(BTreeMap::new());
        let view = View { here, roots: &self.roots, pages: &self.pages, media: &self.media, uses };
        let taken = head.draft(&self.house, &page, &view);
        read.file.uses = view.uses.into_inner().into_iter().collect();
        read.file.unsettled |= taken.unsettled;
        read.file.faults = taken.faults;
        read.draft = Some(Draft { translation_of: original, ..taken.draft });
        read
    }
}

/// The ids that a front matter's `id` of this name gives, in whichever language.
fn ids_named(house: &House, name: &str) -> Vec<ArticleId> {
    match name.trim_start_matches("urn:uuid:").parse() {
        Ok(id) => vec![id],
        Err(_) => house.languages.iter().map(|language: &Language| house.named(name, language)).collect(),
    }
}

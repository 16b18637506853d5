//! Giving the store what was read, and taking out what is gone.

use std::collections::{HashMap, HashSet};

use super::claims::{self, Claim, Settled};
use super::desk::Read;
use super::walk::Found;
use crate::article::{ArticleId, Draft, Fault};
use crate::clock::Instant;
use crate::source::{ReadReport, SourceError};
use crate::store::articles::{self, Change, Remark, desk};
use crate::store::files::{self, File};
use crate::store::{Store, Tx};

/// What taking in needs from batch to batch.
pub(super) struct Keeping<'s> {
    pub(super) store: &'s Store,
    pub(super) name: String,
    pub(super) now: Instant,
    pub(super) settled: Settled,
    /// Files whose id is another's: what is wrong, and that other file as it is now.
    pub(super) refused: HashMap<String, (Fault, (String, String))>,
    pub(super) claims: Vec<Claim>,
    /// How many files held an article before.
    pub(super) before: usize,
    /// Articles whose file holds another one now, or none.
    pub(super) orphans: Vec<ArticleId>,
    /// What is taken in goes public with it: the whole folder was read before.
    pub(super) release: bool,
}

impl Keeping<'_> {
    /// Takes in a batch, and notes how each file was read.
    pub(super) async fn take_in(
        &mut self,
        read: Vec<Read>,
        report: &mut ReadReport,
        faults: &mut Vec<Fault>,
    ) -> Result<(), SourceError> {
        let mut kept: Vec<File> = Vec::with_capacity(read.len());
        let mut drafts: Vec<Draft> = Vec::with_capacity(read.len());
        let mut places: Vec<usize> = Vec::with_capacity(read.len());
        let mut tx = self.store.write().await?;
        let paths: Vec<&str> = read.iter().map(|one| one.file.path.as_str()).collect();
        let before = files::some(&mut tx, &self.name, &paths).await?;
        for mut one in read {
            let was = before.get(&one.file.path).and_then(|file| file.article);
            self.decide(&mut one);
            match one.draft {
                Some(draft) => {
                    places.push(kept.len());
                    drafts.push(draft);
                }
                // What cannot be read stays what it was when it last could.
                None if !one.aside => {
                    one.file.article = was;
                    one.file.named = before.get(&one.file.path).is_some_and(|file| file.named);
                }
                None => self.orphans.extend(was),
            }
            kept.push(one.file);
        }
        let taken = articles::take_in_all(&mut tx, &self.name, &drafts, self.now).await?;
        for (taken, place) in taken.iter().zip(places) {
            match taken.change {
                Change::New => report.new += 1,
                Change::Revised(_) => report.changed += 1,
                Change::Unchanged => {}
            }
            let file = &mut kept[place];
            file.article = Some(taken.article);
            let was = before.get(&file.path).and_then(|file| file.article);
            self.orphans.extend(was.filter(|was| *was != taken.article));
            for remark in &taken.remarks {
                let reason = said(remark, &taken.slug);
                file.faults.push(Fault { file: file.path.clone(), line: None, reason, fatal: false });
            }
        }
        files::keep(&mut tx, &self.name, &kept).await?;
        if self.release {
            report.public += articles::release_due(&mut tx, self.now).await?.len();
        }
        tx.commit().await?;
        faults.extend(kept.into_iter().flat_map(|file| file.faults));
        Ok(())
    }

    /// Whose text it is, where the file alone does not decide that.
    fn decide(&mut self, read: &mut Read) {
        let (Some(draft), file) = (&mut read.draft, &mut read.file) else { return };
        file.named = draft.id.is_some();
        if let Some((fault, holder)) = self.refused.remove(&file.path) {
            file.faults = vec![fault];
            // When that one changes or goes, this one has another chance.
            file.uses = vec![holder];
            read.draft = None;
        } else if let Some(id) = self.settled.kept.get(&file.path) {
            draft.id = Some(*id);
            file.named = false;
            let claim = self.claims.iter().find(|claim| claim.key == file.path);
            file.faults.extend(claim.map(|claim| claims::kept(claim, *id)));
        } else if let Some(id) = self.settled.apart.get(&file.path) {
            draft.id = Some(*id);
            file.named = false;
        }
    }

    /// Takes out the articles that no file holds any more.
    pub(super) async fn take_out(self, gone: Vec<File>, report: &mut ReadReport) -> Result<(), SourceError> {
        if gone.is_empty() && self.orphans.is_empty() {
            return Ok(());
        }
        let mut tx = self.store.write().await?;
        let mut out: Vec<ArticleId> = gone.iter().filter_map(|file| file.article).chain(self.orphans).collect();
        let vanished: HashSet<&str> = gone.iter().map(|file| file.path.as_str()).collect();
        let holding = files::holding(&mut tx, &self.name, &out).await?;
        let held: HashSet<ArticleId> =
            holding.iter().filter(|(path, ..)| !vanished.contains(path.as_str())).map(|(_, id, _)| *id).collect();
        out.retain(|article| !held.contains(article));
        if out.len() > 3 && out.len() * 2 > self.before {
            report.failed = Some(format!(
                "{} of its articles have no file any more. That looks like a folder that is not there rather than a decision, \
                 so nothing was taken out; put the files back, or take them out in smaller steps",
                out.len()
            ));
            return Ok(());
        }
        let paths: Vec<String> = gone.into_iter().map(|file| file.path).collect();
        report.gone = usize::try_from(articles::remove(&mut tx, &out, self.now).await?).unwrap_or_default();
        files::forget(&mut tx, &self.name, &paths).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Files whose articles were removed for good are not read: their pictures would be copied again. They are named.
pub(super) async fn pass_over(
    tx: &mut Tx,
    source: &str,
    (found, changed): (&[Found], &mut Vec<usize>),
) -> Result<Vec<Fault>, SourceError> {
    let expunged: HashSet<String> = desk::expunged_files(tx, source).await?.into_iter().collect();
    let passed: Vec<&Found> =
        changed.iter().map(|at| &found[*at]).filter(|file| expunged.contains(&file.key)).collect();
    if passed.is_empty() {
        return Ok(Vec::new());
    }
    let paths: Vec<&str> = passed.iter().map(|file| file.key.as_str()).collect();
    let mut known = files::some(tx, source, &paths).await?;
    let mut kept = Vec::with_capacity(passed.len());
    for file in passed {
        let Some(mut known) = known.remove(&file.key) else { continue };
        known.fingerprint.clone_from(&file.fingerprint);
        let reason = said(&Remark::Expunged, "");
        known.faults = vec![Fault { file: file.key.clone(), line: None, reason, fatal: false }];
        kept.push(known);
    }
    changed.retain(|at| !expunged.contains(&found[*at].key));
    files::keep(tx, source, &kept).await?;
    Ok(kept.into_iter().flat_map(|file| file.faults).collect())
}

pub(super) fn said(remark: &Remark, slug: &str) -> String {
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
        Remark::Expunged => {
            "it was removed for good by an order, so nothing of this file is taken in; delete the file".to_owned()
        }
        Remark::GuidKept { asked } => format!("it is public under another feed id; “{asked}” is not taken up"),
    }
}

/// The whole folder was read: what the first read brought goes public with the mark of an archive.
pub(super) async fn finish(
    store: &Store,
    name: &str,
    now: Instant,
    report: &mut ReadReport,
) -> Result<(), SourceError> {
    let mut tx = store.write().await?;
    files::ensure_source(&mut tx, name).await?;
    report.public += articles::release_due(&mut tx, now).await?.len();
    files::source_was_read(&mut tx, name, now).await?;
    tx.commit().await?;
    Ok(())
}

//! One file that staff hand over (`herald articles add`): it lies in no source's folder, and is read as if it lay in one.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::data::Defaults;
use super::desk::Desk;
use super::keep::said;
use super::walk::Found;
use super::{blocking, house};
use crate::article::{ArticleId, Fault};
use crate::clock::Clock;
use crate::config::{Config, Folder, Span};
use crate::source::SourceError;
use crate::source::around::{Pages, stamp};
use crate::source::media::Media;
use crate::store::articles::{self, Change, desk};
use crate::store::{Store, files, wish};

/// The source that such articles are of.
pub const BY_HAND: &str = "desk";

/// What became of the file.
#[derive(Clone, Debug)]
pub struct Added {
    /// The article and what was done with it; `None` where the file could not be taken in.
    pub taken: Option<(ArticleId, Change)>,
    /// What is wrong with it, or doubtful.
    pub faults: Vec<Fault>,
}

/// Takes in one file. Its key is its whole path, so that the same file is the same article when it is handed over again.
///
/// # Errors
/// The media folder cannot be written to; what the store says.
pub async fn add(store: &Store, config: &Config, clock: &Clock, path: &Path) -> Result<Added, SourceError> {
    let now = clock.now();
    let parent = path.parent().map(Path::to_owned).unwrap_or_default();
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = Folder {
        name: BY_HAND.to_owned(),
        path: parent.clone(),
        every: Span::seconds(60),
        language: None,
        assets: None,
        transliterate: false,
    };
    let size = std::fs::metadata(path).map(|meta| meta.len()).unwrap_or_default();
    let found = Found { key: name, size, fingerprint: stamp(path) };
    let mut desk = Desk {
        house: Arc::new(house(config, &folder, now)),
        site: config.site.clone(),
        pages: Pages::default(),
        media: Media::new(config.path(&config.site.media), &config.site.url),
        defaults: Defaults::default(),
        wanted: HashMap::new(),
        roots: vec![parent.clone()],
    };
    let (read, desk) = blocking(move || {
        let learnt = desk.learn(&[&found], |_| false);
        desk.settle(&[], &learnt.claims);
        (desk.read(&found), desk)
    })
    .await?;
    if let Some(error) = desk.media.failure() {
        return Err(error);
    }
    let mut faults = read.file.faults;
    let Some(mut draft) = read.draft else { return Ok(Added { taken: None, faults }) };
    draft.key = path.to_string_lossy().into_owned();
    // Files of other folders that have the same name are no translations of it.
    let within = |place: String| format!("{}/{place}", parent.display());
    draft.place = draft.place.map(within);
    draft.translation_of = draft.translation_of.map(within);

    let mut tx = store.write().await?;
    if let Some(id) = draft.id
        && let Some((source, file)) = desk::files(&mut tx, id).await?.into_iter().next()
    {
        let reason = format!("its id is that of {file} of the source “{source}”; change that file, or take the id out");
        let fault = Fault { file: read.file.path, line: None, reason, fatal: true };
        return Ok(Added { taken: None, faults: vec![fault] });
    }
    files::ensure_source(&mut tx, BY_HAND).await?;
    // What staff hand over is news, and no archive.
    files::source_was_read(&mut tx, BY_HAND, now).await?;
    let taken = articles::take_in(&mut tx, BY_HAND, &draft, now).await?;
    articles::release_due(&mut tx, now).await?;
    wish(&mut tx).await?;
    tx.commit().await?;
    let remark =
        |remark| Fault { file: read.file.path.clone(), line: None, reason: said(remark, &taken.slug), fatal: false };
    faults.extend(taken.remarks.iter().map(remark));
    Ok(Added { taken: Some((taken.article, taken.change)), faults })
}

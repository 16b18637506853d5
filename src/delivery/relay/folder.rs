//! The folder that stands in for a mail server: one `.eml` a copy, there whole or not at all.

use std::path::PathBuf;

use crate::delivery::Copy;
use crate::delivery::crew::Crew;
use crate::delivery::outcome;

/// A folder for copies.
#[derive(Clone, Debug)]
pub(in crate::delivery) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder where it is not there.
    pub(super) fn open(path: PathBuf) -> Result<Folder, String> {
        std::fs::create_dir_all(&path).map_err(|error| format!("url: {}: {error}", path.display()))?;
        Ok(Folder { path })
    }

    /// Takes jobs and writes their copies until there are no more. A disk that takes nothing is the relay's trouble,
    /// not the copy's.
    pub(super) async fn work(&self, crew: &Crew) {
        while let Some(work) = crew.next(None).await {
            if !crew.enter().await {
                crew.put_back(work);
                return;
            }
            match self.write(&work.copy).await {
                Ok(file) => {
                    let mark = outcome::written(&work.job.claim, file, crew.now());
                    crew.well();
                    crew.note(mark).await;
                }
                Err(words) => {
                    crew.put_back(work);
                    crew.trouble(words, false);
                }
            }
            crew.leave(false);
        }
    }

    /// Writes a copy beside its place and moves it there; the file's name. The name is that of the reader and the
    /// delivery, so a copy made again takes the place of the first. The move is not forced to the disk: the process
    /// may be killed at any moment, but a power cut may cost the last second of a folder that is for trials.
    pub(super) async fn write(&self, copy: &Copy) -> Result<String, String> {
        let name = file_name(copy);
        let path = self.path.join(&name);
        let beside = self.path.join(format!(".{name}.part"));
        let write = async {
            tokio::fs::write(&beside, &copy.bytes).await?;
            tokio::fs::rename(&beside, &path).await
        };
        write.await.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(name)
    }
}

/// `ana@newsroom.example.TOKEN.eml`: whom it is for first, so that people find a copy.
fn file_name(copy: &Copy) -> String {
    let safe = |c: char| if c.is_alphanumeric() || "@.+-_".contains(c) { c } else { '_' };
    let reader: String = copy.rcpt.to_string().chars().map(safe).take(60).collect();
    let token = copy.message_id.split('@').next().unwrap_or_default();
    format!("{}.{token}.eml", reader.trim_start_matches('.'))
}

//! `herald preview`

use std::path::{Path, PathBuf};

use super::newsletters::named;
use super::proofs::{Asked, Draft, plate, rendering_for};
use super::{Advice, Context, Exit, Usage, findings, output};
use crate::article::Language;
use crate::audience::{Ground, Person};
use crate::config::Config;
use crate::delivery::Press;
use crate::edition::compose::Wish;
use crate::edition::fill::Extent;
use crate::mail::{Choice, Links};

/// Where it is written unless somebody says: beside what else Herald makes, out of the repository.
const FOLDER: &str = "var/preview";

/// Writes the mail as it would go now, as .eml and .html.
#[derive(Debug, clap::Args)]
pub struct Preview {
    /// The newsletter.
    pub newsletter: String,
    /// The language; the newsroom's first where left out.
    #[arg(long)]
    pub language: Option<String>,
    /// The file to write, without or with its ending: FILE.eml and FILE.html. Where left out, one in var/preview.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

impl Preview {
    /// Writes the mail as it would go now, as .eml and .html.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        let config = cx.config.clone();
        let newsletter = named(&config, &self.newsletter)?;
        let wanted: Option<Language> = match &self.language {
            Some(tag) => Some(tag.parse().map_err(|error| Usage(format!("--language {tag}: {error}")))?),
            None => None,
        };
        let (store, templates) = (cx.store().await?, cx.templates()?);
        let mut tx = store.read().await?;
        let wish = Wish { lists: newsletter.lists.clone(), ..Wish::default() };
        let asked = Asked {
            config: &config,
            templates: &templates,
            newsletter,
            articles: &[],
            wish,
            now: cx.clock.now(),
            or_newest: true,
            extent: Extent::All,
        };
        let draft = asked.draft(&mut tx).await?;
        drop(tx);
        let Some(draft) = draft else {
            return Err(anyhow::anyhow!("“{}” has no story to show: nothing is public", newsletter.name))
                .advise("Read the sources first: herald once. `herald articles list` shows what there is.");
        };
        if draft.stale {
            output::note(format!("Nothing is new to “{}”, so this shows its newest stories.", newsletter.name));
        }
        findings::say(&draft.proof.findings);
        let n = place(&config, &draft, wanted.as_ref())?;
        let (version, rendering) = (&draft.proof.layout.versions[n], &draft.proof.renderings[n]);
        let person = reader(&config, &version.language)?;
        let choice = Choice(version.holds);
        let press = Press::new(config.clone(), cx.keyring().await?, cx.templates()?)?;
        let plate = plate(&draft.proof, n).ok_or_else(|| anyhow::anyhow!("the edition has no rendering"))?;
        let copy = press.copy(&plate, &person, &Ground::default(), choice, cx.clock.now())?;
        let page = |way| config.site.address(&format!("/{way}/preview"));
        let (leave, preferences) = (page("unsubscribe"), page("preferences"));
        let links = Links { leave: Some(&leave), preferences: Some(&preferences), ..Links::default() };
        let html = rendering.html(Some(&person), choice, links)?;

        let stem = self.stem(&config, draft.proof.number, &version.language)?;
        let (eml, page) = (stem.with_added_extension("eml"), stem.with_added_extension("html"));
        write(&eml, &copy.bytes)?;
        write(&page, html.as_bytes())?;
        if cx.frame.json {
            output::json(&serde_json::json!({
                "newsletter": newsletter.name,
                "number": draft.proof.number,
                "language": version.language,
                "subject": rendering.subject(Some(&person), choice, links)?,
                "stories": draft.proof.titles,
                "recipients": draft.survey.copies,
                "new": !draft.stale,
                "findings": draft.proof.findings,
                "eml": eml,
                "html": page,
                "bytes": copy.bytes.len(),
            }))?;
        } else {
            output::line(format!("{}\n{}", eml.display(), page.display()))?;
        }
        Ok(Exit::Done)
    }

    /// The file without its ending.
    fn stem(&self, config: &Config, number: i64, language: &Language) -> anyhow::Result<PathBuf> {
        Ok(match &self.out {
            None => {
                let folder = config.path(Path::new(FOLDER));
                std::fs::create_dir_all(&folder)
                    .map_err(|error| anyhow::anyhow!("{}: {error}", folder.display()))
                    .advise("Name another file with --out FILE.")?;
                folder.join(format!("{}-{number}-{}", self.newsletter, language.path()))
            }
            Some(out) => match out.extension().and_then(|e| e.to_str()) {
                Some("eml" | "html") => out.with_extension(""),
                _ => out.clone(),
            },
        })
    }
}

/// The place of the rendering in that language.
fn place(config: &Config, draft: &Draft, wanted: Option<&Language>) -> anyhow::Result<usize> {
    let languages: Vec<&Language> = draft.proof.layout.versions.iter().map(|version| &version.language).collect();
    if let Some(wanted) = wanted.filter(|wanted| !languages.contains(wanted)) {
        let known: Vec<&str> = languages.into_iter().map(Language::as_str).collect();
        return Err(Usage(format!("--language {wanted}: this edition is in {}", known.join(", "))).into());
    }
    rendering_for(&draft.proof, Some(wanted.unwrap_or(&config.language())))
        .ok_or_else(|| anyhow::anyhow!("the edition is in no language"))
}

/// A reader who stands for all: the sender's own address.
fn reader(config: &Config, language: &Language) -> anyhow::Result<Person> {
    let from: crate::mail::Mailbox = config.mail.from.parse()?;
    Ok(Person {
        id: 0,
        address: from.address,
        name: None,
        language: Some(language.clone()),
        extra: std::collections::BTreeMap::new(),
    })
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, bytes)
        .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
        .advise("Name another file with --out FILE.")
}

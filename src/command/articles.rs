//! `herald articles`

use clap::Subcommand;
use serde::Serialize;

use super::{Advice, Context, Exit, Table, Usage, output};
use crate::article::{ArticleId, Language, Note, Picture, Revision, RevisionKind, Selection};
use crate::clock::Instant;
use crate::config::Config;
use crate::store::Tx;
use crate::store::articles::{self, Filter, Listed};
use crate::template::Templates;

/// Articles are counted so many at a time.
const PAGE: usize = 1000;

/// Looks at articles.
#[derive(Debug, clap::Args)]
pub struct Articles {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What `herald articles` can do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// The newest articles, with their state.
    List {
        /// Only this language; several times for several.
        #[arg(long, value_name = "LANGUAGE", value_parser = Language::read)]
        language: Vec<Language>,
        /// Only this topic; several times for several.
        #[arg(long)]
        topic: Vec<String>,
        /// Only this source; several times for several.
        #[arg(long)]
        source: Vec<String>,
        /// Only what is public.
        #[arg(long, conflicts_with = "held")]
        public: bool,
        /// Only what is not public: drafts, what waits for its time, what is gone.
        #[arg(long)]
        held: bool,
        /// At most so many; 0: all of them.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// One article with its revisions.
    Show {
        /// Its id, the beginning of it, or its slug.
        id: String,
    },
}

/// One article in a list, for programs.
#[derive(Debug, Serialize)]
struct Row<'a> {
    id: ArticleId,
    story: String,
    state: &'static str,
    language: &'a Language,
    title: &'a str,
    slug: &'a str,
    url: String,
    source: &'a str,
    file: Option<&'a str>,
    published: Instant,
    updated: Instant,
    /// Until when it is held back.
    due_at: Option<Instant>,
    removed: Option<Instant>,
    topics: &'a [String],
    authors: &'a [String],
}

/// One article whole, for programs.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    summary: &'a str,
    guid: Option<&'a str>,
    canonical: Option<&'a str>,
    picture: Option<&'a Picture>,
    corrections: &'a [Note],
    withdrawn: Option<&'a str>,
    breaking: bool,
    html: &'a str,
    text: &'a str,
    translations: Vec<Translation>,
    /// Why no feed can hold it, with field and character.
    left_out: Option<String>,
    revisions: Vec<State>,
}

#[derive(Debug, Serialize)]
struct Translation {
    id: ArticleId,
    language: Language,
    title: String,
}

/// One revision, for programs.
#[derive(Debug, Serialize)]
struct State {
    id: i64,
    kind: RevisionKind,
    /// When it was taken in.
    at: Instant,
    updated: Instant,
    title: String,
}

impl Articles {
    /// Looks at articles.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        let store = cx.store().await?;
        let mut tx = store.read().await?;
        match self.action {
            Action::List { language, topic, source, public, held, limit } => {
                let selection = Selection { languages: language, topics: topic, sources: source };
                let public = if public { Some(true) } else { held.then_some(false) };
                let filter = Filter { selection, public };
                let limit = if limit == 0 { usize::MAX } else { limit };
                let found = articles::list(&mut tx, &filter, limit, 0).await?;
                list(cx, &found, &filter)?;
                let more = if found.len() == limit { beyond(&mut tx, &filter, limit).await? } else { 0 };
                if more > 0 {
                    output::note(format!("{more} more; --limit 0 shows all."));
                }
            }
            Action::Show { id } => {
                let article = named(&mut tx, &cx.config, &id).await?;
                show(cx, &mut tx, article).await?;
            }
        }
        Ok(Exit::Done)
    }
}

/// The one article that somebody means.
async fn named(tx: &mut Tx, config: &Config, text: &str) -> anyhow::Result<ArticleId> {
    let found = articles::lookup(tx, text).await?;
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(Usage(format!("there is no article “{text}”")))
            .advise("`herald articles list` shows their ids; a slug does as well."),
        several => {
            // A slug stands once in each language; the site's first that has it is meant by nobody in particular.
            let mut lines = vec![format!("“{text}” could be any of these:")];
            for id in several {
                if let Some(revision) = articles::by_id(tx, *id).await? {
                    let url = config.site.article(&revision.language, &revision.slug);
                    lines.push(format!("  {id}  {}  {}  {url}", revision.language, revision.content.title));
                }
            }
            Err(Usage(lines.join("\n"))).advise("Name one by its id, or by enough of its beginning.")
        }
    }
}

fn row<'a>(config: &Config, listed: &'a Listed) -> Row<'a> {
    let revision = &listed.revision;
    Row {
        id: revision.article,
        story: revision.story.to_string(),
        state: listed.state.word(),
        language: &revision.language,
        title: &revision.content.title,
        slug: &revision.slug,
        url: config.site.article(&revision.language, &revision.slug),
        source: &revision.source,
        file: listed.key.as_deref(),
        published: revision.published,
        updated: revision.updated,
        due_at: listed.due_at,
        removed: listed.removed,
        topics: &revision.content.topics,
        authors: &revision.content.authors,
    }
}

/// How many there are beyond the first `limit`, counted by pages: an archive may be longer than memory.
async fn beyond(tx: &mut Tx, filter: &Filter, limit: usize) -> anyhow::Result<usize> {
    let mut more = 0;
    loop {
        let page = articles::list(tx, filter, PAGE, limit + more).await?.len();
        more += page;
        if page < PAGE {
            return Ok(more);
        }
    }
}

fn list(cx: &Context, found: &[Listed], filter: &Filter) -> anyhow::Result<()> {
    if cx.frame.json {
        return output::json(&found.iter().map(|listed| row(&cx.config, listed)).collect::<Vec<_>>());
    }
    let Selection { languages, topics, sources } = &filter.selection;
    let all = languages.is_empty() && topics.is_empty() && sources.is_empty() && filter.public.is_none();
    if found.is_empty() && !all {
        return output::line(
            "No article is of that kind. `herald articles list` without a filter shows those there are.",
        );
    }
    if found.is_empty() {
        return output::line(
            "No articles. `herald once` reads the sources; `herald check` says what is wrong with their files.",
        );
    }
    let mut table = Table::new(["ID", "Published", "State", "Language", "Title"]);
    for listed in found {
        let revision = &listed.revision;
        let id = revision.article.to_string();
        table.row([
            id.get(..8).unwrap_or(&id).to_owned(),
            cx.when(revision.published),
            state(cx, listed),
            revision.language.to_string(),
            revision.content.title.clone(),
        ]);
    }
    table.print()
}

fn state(cx: &Context, listed: &Listed) -> String {
    match listed.due_at {
        Some(due) => format!("{} until {}", listed.state.word(), cx.when(due)),
        None => listed.state.word().to_owned(),
    }
}

async fn show(cx: &Context, tx: &mut Tx, article: ArticleId) -> anyhow::Result<()> {
    let gone = || Usage(format!("there is no article {article} any more"));
    let listed = articles::listed(tx, article).await?.ok_or_else(gone)?;
    let whole = articles::by_id(tx, article).await?.ok_or_else(gone)?;
    let others: Vec<Translation> = articles::siblings(tx, whole.story)
        .await?
        .into_iter()
        .filter(|sibling| sibling.article != article)
        .map(|s| Translation { id: s.article, language: s.language, title: s.content.title })
        .collect();
    let states: Vec<State> = articles::history(tx, article)
        .await?
        .into_iter()
        .map(|(at, r)| State { id: r.id, kind: r.kind, at, updated: r.updated, title: r.content.title })
        .collect();
    let templates = Templates::for_config(&cx.config)?;
    let left_out = crate::feed::examine(&cx.config, &templates, &whole).err();
    if cx.frame.json {
        let content = &whole.content;
        return output::json(&Shown {
            row: row(&cx.config, &listed),
            summary: &content.summary,
            guid: whole.guid.as_deref(),
            canonical: content.canonical.as_deref(),
            picture: content.picture.as_ref(),
            corrections: &content.corrections,
            withdrawn: content.withdrawn.as_deref(),
            breaking: content.breaking,
            html: &content.html,
            text: &content.text,
            translations: others,
            left_out,
            revisions: states,
        });
    }
    print(cx, &listed, &whole, &others, &states)?;
    left_out.map_or(Ok(()), |reason| output::line(format!("\nNo feed can hold it: {reason}")))
}

fn print(
    cx: &Context,
    listed: &Listed,
    whole: &Revision,
    others: &[Translation],
    states: &[State],
) -> anyhow::Result<()> {
    let content = &whole.content;
    output::line(&content.title)?;
    output::line("")?;
    let mut facts: Vec<(&str, String)> = vec![
        ("id", whole.article.to_string()),
        ("state", state(cx, listed)),
        ("address", cx.config.site.article(&whole.language, &whole.slug)),
        ("language", whole.language.to_string()),
        ("published", cx.when(whole.published)),
        ("updated", cx.when(whole.updated)),
        ("source", listed.key.as_ref().map_or(whole.source.clone(), |key| format!("{}: {key}", whole.source))),
        ("authors", content.authors.join(", ")),
        ("topics", content.topics.join(", ")),
        ("summary", content.summary.clone()),
        ("picture", content.picture.as_ref().map(|p| p.url.clone()).unwrap_or_default()),
        ("first in", content.canonical.clone().unwrap_or_default()),
        ("withdrawn", content.withdrawn.clone().unwrap_or_default()),
    ];
    facts.extend(listed.removed.map(|at| ("removed", cx.when(at))));
    facts
        .extend(content.corrections.iter().map(|note| ("corrected", format!("{}: {}", cx.when(note.at), note.text()))));
    facts.extend(others.iter().map(|other| ("also in", format!("{}: {} ({})", other.language, other.title, other.id))));
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        output::line(format!("{name:<10} {value}"))?;
    }
    output::line("")?;
    let mut table = Table::new([">Revision", "Kind", "Taken in", "Title"]);
    for state in states {
        table.row([state.id.to_string(), state.kind.word().to_owned(), cx.when(state.at), state.title.clone()]);
    }
    table.print()
}

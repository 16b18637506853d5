//! `herald articles`: what there is, and staff's hand on it.

mod add;
mod desk;
mod expunge;
mod history;
pub(super) mod named;

use clap::Subcommand;
use serde::Serialize;

use super::{Context, Exit, Table, Usage, output};
use crate::article::{ArticleId, Language, Note, Picture, Revision, RevisionKind, Selection};
use crate::clock::Instant;
use crate::config::Config;
use crate::store::Tx;
use crate::store::articles::{self, Filter, Listed};
use crate::template::Templates;
use desk::{About, Wanted};
use named::named;

/// Articles are counted so many at a time.
const PAGE: usize = 1000;

/// Looks at articles, corrects and withdraws them.
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
        /// Its id, the beginning of it, its slug, or the address of its page.
        id: String,
        /// What was changed, when and by whom, word by word.
        #[arg(long)]
        history: bool,
    },
    /// Take in one file that lies in no source's folder.
    Add(add::Add),
    /// Say that there are new facts in an article, or that its last change was a slip.
    Update {
        /// Which one, and who does it.
        #[command(flatten)]
        about: About,
        /// What is new, in the article's language: it stands at its top.
        #[arg(long, value_name = "TEXT", conflicts_with = "minor")]
        note: Option<String>,
        /// Its last change, which Herald took for new facts, was a slip.
        #[arg(long)]
        minor: bool,
    },
    /// Correct an article: its page, feeds and mails to come say so at the top.
    #[command(group = clap::ArgGroup::new("said").required(true).multiple(true))]
    Correct {
        /// Which one, and who does it.
        #[command(flatten)]
        about: About,
        /// What was wrong, in the article's language.
        #[arg(long, value_name = "TEXT", requires = "right", conflicts_with = "note", group = "said")]
        wrong: Option<String>,
        /// What is right.
        #[arg(long, value_name = "TEXT", requires = "wrong", conflicts_with = "note", group = "said")]
        right: Option<String>,
        /// The whole note, where it does not fit into wrong and right.
        #[arg(long, value_name = "TEXT", group = "said")]
        note: Option<String>,
        /// In place of the words of the newest correction that staff made, silently.
        #[arg(long)]
        replace: bool,
    },
    /// Withdraw an article: a notice stands in its place.
    Retract {
        /// Which one, and who does it.
        #[command(flatten)]
        about: About,
        /// Why, in the article's language; readers see it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take a withdrawal back.
    Restore {
        /// Which one, and who does it.
        #[command(flatten)]
        about: About,
    },
    /// Say that a language version is right as it stands, whatever its translations were corrected in.
    Checked {
        /// Which one, and who does it.
        #[command(flatten)]
        about: About,
    },
    /// Lift an embargo: the article is public now.
    Release {
        /// Which one, and who does it.
        #[command(flatten)]
        about: About,
    },
    /// Remove an article for good, because a law or a court wants it: text, pictures, revisions, and what of it stands in editions.
    Expunge(expunge::Expunge),
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
    updates: &'a [Note],
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
    /// Who made it, where it was not its source.
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<String>,
    updated: Instant,
    title: String,
}

impl State {
    fn of(state: articles::history::State) -> State {
        let articles::history::State { at, who, revision } = state;
        State {
            id: revision.id,
            kind: revision.kind,
            at,
            who,
            updated: revision.updated,
            title: revision.content.title,
        }
    }
}

impl Articles {
    /// Looks at articles.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        let (about, wanted) = match self.action {
            Action::List { language, topic, source, public, held, limit } => {
                let selection = Selection { languages: language, topics: topic, sources: source };
                let public = if public { Some(true) } else { held.then_some(false) };
                let filter = Filter { selection, public };
                return look(cx, &filter, if limit == 0 { usize::MAX } else { limit }).await;
            }
            Action::Show { id, history } => return show(cx, &id, history).await,
            Action::Add(add) => return add.run(cx).await,
            Action::Expunge(expunge) => return expunge.run(cx).await,
            Action::Update { about, note, minor } => (about, Wanted::Update { note: said(note, "--note")?, minor }),
            Action::Correct { about, wrong, right, note, replace } => {
                let (wrong, right) = (said(wrong, "--wrong")?, said(right, "--right")?);
                (about, Wanted::Correct { note: said(note, "--note")?, wrong, right, replace })
            }
            Action::Retract { about, reason } => {
                let reason = said(Some(reason), "--reason")?.unwrap_or_default();
                (about, Wanted::Retract { reason })
            }
            Action::Restore { about } => (about, Wanted::Restore),
            Action::Checked { about } => (about, Wanted::Checked),
            Action::Release { about } => (about, Wanted::Release),
        };
        desk::run(cx, &about, wanted).await
    }
}

/// What staff wrote, on one line and fit for every outlet; not nothing.
fn said(text: Option<String>, option: &str) -> anyhow::Result<Option<String>> {
    let Some(text) = text else { return Ok(None) };
    let text = crate::article::markup::line(&text);
    if text.is_empty() {
        return Err(Usage(format!("{option} is empty")).into());
    }
    Ok(Some(text))
}

async fn look(cx: &mut Context, filter: &Filter, limit: usize) -> anyhow::Result<Exit> {
    let store = cx.store().await?;
    let mut tx = store.read().await?;
    let found = articles::list(&mut tx, filter, limit, 0).await?;
    list(cx, &found, filter)?;
    let more = if found.len() == limit { beyond(&mut tx, filter, limit).await? } else { 0 };
    if more > 0 {
        output::note(format!("{more} more; --limit 0 shows all."));
    }
    Ok(Exit::Done)
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

async fn show(cx: &mut Context, id: &str, history: bool) -> anyhow::Result<Exit> {
    let store = cx.store().await?;
    let tx = &mut store.read().await?;
    let article = named(tx, &cx.config, id).await?;
    let gone = || Usage(format!("there is no article {article} any more"));
    let listed = articles::listed(tx, article).await?.ok_or_else(gone)?;
    let whole = articles::by_id(tx, article).await?.ok_or_else(gone)?;
    if history {
        history::show(cx, tx, article, &whole.content.title).await?;
        return Ok(Exit::Done);
    }
    let others: Vec<Translation> = articles::siblings(tx, whole.story)
        .await?
        .into_iter()
        .filter(|sibling| sibling.article != article)
        .map(|s| Translation { id: s.article, language: s.language, title: s.content.title })
        .collect();
    let states: Vec<State> = articles::history::states(tx, article).await?.into_iter().map(State::of).collect();
    let templates = Templates::for_config(&cx.config)?;
    let left_out = crate::feed::examine(&cx.config, &templates, &whole).err();
    if cx.frame.json {
        let content = &whole.content;
        output::json(&Shown {
            row: row(&cx.config, &listed),
            summary: &content.summary,
            guid: whole.guid.as_deref(),
            canonical: content.canonical.as_deref(),
            picture: content.picture.as_ref(),
            corrections: &content.corrections,
            updates: &content.updates,
            withdrawn: content.withdrawn.as_deref(),
            breaking: content.breaking,
            html: &content.html,
            text: &content.text,
            translations: others,
            left_out,
            revisions: states,
        })?;
        return Ok(Exit::Done);
    }
    print(cx, &listed, &whole, &others, &states)?;
    if let Some(reason) = left_out {
        output::line(format!("\nNo feed can hold it: {reason}"))?;
    }
    Ok(Exit::Done)
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
    facts.extend(content.updates.iter().map(|note| ("new facts", format!("{}: {}", cx.when(note.at), note.text()))));
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

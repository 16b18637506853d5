//! `herald init [DIR]`: a newsroom of one's own.
//!
//! 1. Five answers come from flags, from the terminal, or (`--yes`) from what is usual ([`Answers`]).
//! 2. Nothing is written where one of the files is there already.
//! 3. Configuration, a first article, an empty list and a `.gitignore` are written ([`files`]); `--demo` writes the
//!    sample newsroom instead ([`demo`]).

mod demo;
mod files;

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use serde::Serialize;

use super::{Advice, Exit, Frame, Usage, output};
use crate::clock::Clock;
use crate::config::{self, Config};

/// Starts a newsroom of your own in a folder.
#[derive(Debug, clap::Args)]
pub struct Init {
    /// The folder; made where it does not exist.
    #[arg(default_value = ".")]
    pub dir: PathBuf,
    /// Write the sample newsroom: articles in three languages, pictures, people.
    #[arg(long, conflicts_with_all = ["title", "url", "languages", "from", "relay", "address", "yes"])]
    pub demo: bool,
    /// The newsroom's name.
    #[arg(long)]
    pub title: Option<String>,
    /// Where readers find it: https://newsroom.example
    #[arg(long)]
    pub url: Option<String>,
    /// Its languages, the first one first: en,sr-Latn
    #[arg(long, value_name = "TAGS")]
    pub languages: Option<String>,
    /// Who the mail comes from: "Public Affairs <news@newsroom.example>"
    #[arg(long)]
    pub from: Option<String>,
    /// Where mail is taken: folder:PATH, smtp://HOST, smtps://USER@HOST
    #[arg(long, value_name = "URL")]
    pub relay: Option<String>,
    /// The postal address under every mail and page.
    #[arg(long)]
    pub address: Option<String>,
    /// Don't ask: what no flag says is as usual.
    #[arg(long)]
    pub yes: bool,
}

/// What a newsroom is made from.
struct Answers {
    title: String,
    url: String,
    languages: Vec<String>,
    from: String,
    relay: String,
    address: Option<String>,
    zone: Tz,
}

/// A question with its key, and what is usual.
struct Question {
    flag: &'static str,
    key: &'static str,
    words: &'static str,
    usual: &'static str,
}

const TITLE: Question =
    Question { flag: "--title", key: "site.title", words: "Name of the newsroom", usual: "Our newsroom" };
const URL: Question = Question {
    flag: "--url",
    key: "site.url",
    words: "Public address, where readers find it",
    usual: "http://127.0.0.1:8080",
};
const LANGUAGES: Question =
    Question { flag: "--languages", key: "site.languages", words: "Languages, the first one first", usual: "en" };
const FROM: Question = Question {
    flag: "--from",
    key: "mail.from",
    words: "Who the mail comes from",
    usual: "Our newsroom <news@newsroom.example>",
};
const RELAY: Question = Question {
    flag: "--relay",
    key: "mail.relays.url",
    words: "Where mail is taken: a folder to begin with, or smtp://HOST",
    usual: "folder:var/outbox",
};

#[derive(Serialize)]
struct Written {
    folder: PathBuf,
    files: Vec<String>,
}

impl Init {
    /// Writes the newsroom, and says how to go on.
    ///
    /// # Errors
    /// An answer that cannot be, a file that is there already, a folder that cannot be written to.
    pub async fn run(self, frame: &Frame) -> anyhow::Result<Exit> {
        let dir = self.dir.clone();
        let demo = self.demo;
        // Before anybody is asked five things for nothing.
        refuse_where_there_is(&dir, files::CONFIG)?;
        let mut password = None;
        let files = match demo {
            true => demo::files()?,
            false => {
                let answers = self.answers()?;
                password = files::password_file(&answers.relay);
                files::files(&answers, Clock::system().now())
            }
        };
        let folder = dir.clone();
        let written = tokio::task::spawn_blocking(move || write(&folder, files)).await??;
        if frame.json {
            output::json(&Written { folder: dir, files: written })?;
        } else {
            output::raw(next_steps(&dir, &written, demo, password))?;
        }
        Ok(Exit::Done)
    }

    fn answers(&self) -> anyhow::Result<Answers> {
        let languages = |text: &str| -> Vec<String> {
            text.split([',', ' ']).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
        };
        let title = self.answer(&TITLE, self.title.as_deref())?;
        let url = self.answer(&URL, self.url.as_deref().map(|url| url.trim_end_matches('/')))?;
        let tags = self.answer(&LANGUAGES, self.languages.as_deref())?;
        let from = self.answer(&FROM, self.from.as_deref())?;
        let relay = self.answer(&RELAY, self.relay.as_deref())?;
        let zone = local_zone();
        let answers =
            Answers { title, url, languages: languages(&tags), from, relay, address: self.address.clone(), zone };
        // What is written must load: the check of the configuration has the last word.
        Config::load(Path::new(files::CONFIG), &files::configuration(&answers), [])
            .advise("Nothing was written. Give another answer.")?;
        Ok(answers)
    }

    /// The answer of the flag, else of the person, else the usual one.
    fn answer(&self, question: &Question, flag: Option<&str>) -> anyhow::Result<String> {
        if let Some(text) = flag {
            let text = plain(text);
            return match valid(question, &text) {
                Ok(()) => Ok(text),
                Err(reason) => Err(Usage(format!("{}: {reason}", question.flag)))
                    .advise("Nothing was written. Give another answer."),
            };
        }
        if self.yes {
            return Ok(question.usual.to_owned());
        }
        if !std::io::stdin().is_terminal() {
            return Err(Usage(format!(
                "{} is not given, and nobody is here to ask: this is no terminal.",
                question.flag
            )))
            .advise("Give the five answers as flags, or add --yes for what is usual (`herald init --help`).");
        }
        loop {
            let mut terminal = std::io::stderr().lock();
            write!(terminal, "{} [{}]: ", question.words, question.usual)?;
            terminal.flush()?;
            let mut line = String::new();
            if std::io::stdin().lock().read_line(&mut line)? == 0 {
                return Err(Usage("The questions were not answered.".to_owned())).advise("Nothing was written.");
            }
            let line = plain(&line);
            let text = if line.is_empty() { question.usual.to_owned() } else { line };
            match valid(question, &text) {
                Ok(()) => return Ok(text),
                Err(reason) => writeln!(terminal, "{reason}")?,
            }
        }
    }
}

fn valid(question: &Question, text: &str) -> Result<(), String> {
    if question.key == LANGUAGES.key {
        let tags = text.split([',', ' ']).filter(|tag| !tag.is_empty()).collect::<Vec<_>>();
        return match tags.is_empty() {
            true => Err("at least one language is needed".to_owned()),
            false => tags.iter().try_for_each(|tag| config::check_text(question.key, tag)),
        };
    }
    config::check_text(question.key, text).map_err(|reason| match (question.key == RELAY.key, text.contains(':')) {
        (true, false) if !text.contains(['/', ' ']) => format!("{reason}; did you mean smtp://{text}?"),
        (true, false) => format!("{reason}; did you mean folder:{text}?"),
        _ => reason,
    })
}

/// An answer without what a terminal sends for keys that are no letters: an arrow is ESC, `[` and a letter.
fn plain(answer: &str) -> String {
    let mut text = String::with_capacity(answer.len());
    let mut signs = answer.chars().peekable();
    while let Some(sign) = signs.next() {
        if sign == '\u{1b}' {
            // ECMA-48: a control sequence ends with a sign from @ to ~; the others are one sign long, but for ESC O (SS3).
            match signs.next() {
                Some('[') => drop(signs.by_ref().find(|sign| matches!(sign, '@'..='~'))),
                Some('O') => drop(signs.next()),
                _ => {}
            }
        } else if !sign.is_control() {
            text.push(sign);
        }
    }
    text.trim().to_owned()
}

/// The zone of this machine, where it says one.
fn local_zone() -> Tz {
    let named = std::env::var("TZ").ok().and_then(|name| name.trim_start_matches(':').parse().ok());
    let linked = || {
        let link = std::fs::read_link("/etc/localtime").ok()?;
        let name = link.to_str()?.split_once("zoneinfo/")?.1.to_owned();
        name.parse().ok()
    };
    named.or_else(linked).unwrap_or(Tz::UTC)
}

/// Nothing is written over what is there.
fn refuse_where_there_is(dir: &Path, name: &str) -> anyhow::Result<()> {
    if !dir.join(name).exists() {
        return Ok(());
    }
    Err(Usage(format!("{} is there already.", dir.join(name).display())))
        .advise("Nothing was written. Name an empty folder: `herald init DIR`.")
}

/// Writes files into `dir`, none over another; their names.
fn write(dir: &Path, files: Vec<(String, Vec<u8>)>) -> anyhow::Result<Vec<String>> {
    let is_ignore = |name: &str| name == files::IGNORE;
    for (name, _) in files.iter().filter(|(name, _)| !is_ignore(name)) {
        refuse_where_there_is(dir, name)?;
    }
    let mut written = Vec::new();
    for (name, content) in files {
        let path = dir.join(&name);
        if is_ignore(&name) && path.exists() {
            let lines = String::from_utf8_lossy(&content)
                .lines()
                .filter(|l| l.starts_with('/'))
                .collect::<Vec<_>>()
                .join(" and ");
            output::note(format!("{} is left as it is; see that it has {lines}.", path.display()));
            continue;
        }
        let done = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| {
            let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
            file.write_all(&content)
        });
        done.map_err(|error| anyhow::Error::new(error).context(format!("{} cannot be written", path.display())))
            .advise("Name a folder that this user can write to: `herald init DIR`.")?;
        written.push(name);
    }
    Ok(written)
}

fn next_steps(dir: &Path, written: &[String], demo: bool, password: Option<&str>) -> String {
    let what = if demo { "The sample newsroom is" } else { "Your newsroom is" };
    let here = dir == Path::new(".");
    let place = if here { "in this folder".to_owned() } else { format!("in {}", dir.display()) };
    let mut text = format!("{what} {place}: {} files, among them {}.\n\nNext:\n", written.len(), files::CONFIG);
    let go = if here { String::new() } else { format!("cd {} && ", dir.display()) };
    let steps: [(&str, &str); 3] = if demo {
        [
            ("herald check", "looks at everything and changes nothing"),
            ("herald once --now", "publishes, and puts the mails into var/outbox"),
            ("herald run", "goes on for good, and serves the pages"),
        ]
    } else {
        [
            ("herald subscribers add YOU@EXAMPLE.ORG --list public", "makes you the first reader"),
            ("herald once --now", "publishes the first article, and makes the mails"),
            ("herald run", "goes on for good, and serves the pages"),
        ]
    };
    if let Some(file) = password {
        text.push_str(&format!(
            "  {go}mkdir -p var && (umask 077 && cat > {file})\n      takes the relay's password, and Ctrl-D: {file} must hold it and nothing else, and only Herald may read it (chmod 600)\n"
        ));
    }
    for (i, (command, does)) in steps.iter().enumerate() {
        let go = if i == 0 && password.is_none() { go.as_str() } else { "" };
        text.push_str(&format!("  {go}{command}\n      {does}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_no_letters_leave_nothing_in_an_answer() {
        assert_eq!(plain("Our \u{1b}[Dnews\u{1b}[1;5C\u{1b}OAroom\u{7}\r\n"), "Our newsroom");
        assert_eq!(plain("\u{1b}"), "");
        assert_eq!(plain(" Вести "), "Вести");
    }

    #[test]
    fn a_relay_that_is_no_address_says_what_was_meant() {
        for (answer, meant) in
            [("nonsense", "smtp://nonsense"), ("mail.office.test", "smtp://mail"), ("var/out", "folder:var/out")]
        {
            let reason = valid(&RELAY, answer).unwrap_err();
            assert!(reason.contains(&format!("did you mean {meant}")), "{reason}");
        }
    }
}

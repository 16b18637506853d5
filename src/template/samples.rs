//! Issues with which mail templates are tried: full, bare and withdrawn. Their stories are inventions.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::issue::{Correction, Issue, Link, Newsletter, Story, Telling, TestBar};
use crate::article::{Language, Note, Picture};
use crate::clock::Instant;

/// The sample issues, each with what it is good for.
pub(super) fn all(language: &Language) -> [(&'static str, Issue); 3] {
    [("full", full(language)), ("bare", bare(language)), ("withdrawn", withdrawn(language))]
}

/// What readers of an earlier text are told: of two corrections, and of a withdrawal without a reason.
pub(super) fn tellings(language: &Language) -> [(&'static str, Issue); 3] {
    let note = |note: Option<&str>, wrong: Option<&str>, right: Option<&str>| Note {
        at: before(20),
        note: note.map(str::to_owned),
        wrong: wrong.map(str::to_owned),
        right: right.map(str::to_owned),
    };
    let telling = Telling {
        title: "New bridge on the flood road opens to traffic".to_owned(),
        url: "https://newsroom.example/articles/new-bridge".to_owned(),
        language: "en".parse().unwrap_or_default(),
        sent: before(48),
        published: before(50),
        retraction: false,
        withdrawn: None,
        notes: vec![
            note(None, Some("The bridge is 420 metres long."), Some("The bridge is 240 metres long.")),
            note(Some("It was opened on Tuesday."), None, None),
        ],
    };
    let issue = |telling: Telling| {
        let mut issue = bare(language);
        issue.stories.clear();
        issue.web_url = Some("https://newsroom.example/newsletters/daily/87".to_owned());
        issue.telling = Some(telling);
        issue
    };
    let gone = Telling { retraction: true, notes: Vec::new(), ..telling.clone() };
    let why = Telling { withdrawn: Some("It was another bridge.".to_owned()), ..gone.clone() };
    [("corrected", issue(telling)), ("withdrawn", issue(why)), ("withdrawn without a reason", issue(gone))]
}

/// Tuesday, 19 May 2026, 07:00 in Belgrade, and so many hours before.
fn before(hours: i64) -> Instant {
    DateTime::<Utc>::from_timestamp(1_779_166_800, 0).unwrap_or_default() - TimeDelta::hours(hours)
}

fn story(position: u8, slug: &str, topic: &str, title: &str, summary: &str, author: &str, hours: i64) -> Story {
    Story {
        position,
        title: title.to_owned(),
        url: format!("https://newsroom.example/articles/{slug}"),
        summary: summary.to_owned(),
        topic: Some(Link {
            label: topic.to_owned(),
            url: format!("https://newsroom.example/topics/{}", crate::article::topic_id(topic)),
        }),
        authors: vec![author.to_owned()],
        published: before(hours),
        picture: None,
        language: "en".parse().unwrap_or_default(),
        html: format!("<p>{summary}</p>"),
        text: format!(
            "{summary}\n\nThe whole text has more than one paragraph, and a word that needs escaping: <b> & “quotes”."
        ),
        breaking: false,
        withdrawn: None,
    }
}

/// An issue with everything that an issue can have.
pub(super) fn full(language: &Language) -> Issue {
    let mut lead = story(
        0,
        "sava-exercise",
        "Civil protection",
        "Flood rescue teams from six countries train on the Sava",
        "Two hundred rescuers and forty boats practised an evacuation by night. What they learned goes into one handbook for all, in the autumn.",
        "Ana Petrović",
        0,
    );
    lead.picture = Some(Picture {
        url: "https://newsroom.example/media/sava.jpg".to_owned(),
        alt: "Rescuers in three boats on a calm river at sunrise".to_owned(),
        caption: Some("Crews from six countries on the Sava at sunrise, after the exercise by night.".to_owned()),
        credit: Some("Public Affairs Office".to_owned()),
        media_type: Some("image/jpeg".to_owned()),
        bytes: Some(180_000),
        width: Some(1120),
        height: Some(630),
    });
    let mut foreign = story(
        3,
        "water",
        "Civil protection",
        "فرق الإنقاذ تتدرب على نهر سافا",
        "تدرب مئتا منقذ على الإخلاء ليلاً.",
        "Marko Ilić",
        110,
    );
    foreign.language = "ar".parse().unwrap_or_default();
    Issue {
        newsletter: Newsletter { name: "daily".to_owned(), title: "Daily digest".to_owned() },
        number: 97,
        date: before(0),
        timezone: Tz::Europe__Belgrade,
        language: language.clone(),
        publisher: "Public Affairs Office".to_owned(),
        address: "Public Affairs Office, Liaison Office Belgrade\nExample Street 1, 11000 Belgrade, Serbia".to_owned(),
        site_url: "https://newsroom.example/".to_owned(),
        web_url: Some("https://newsroom.example/newsletters/daily/87".to_owned()),
        accent: "#1f4e79".to_owned(),
        corrections: vec![Correction {
            position: Some(4),
            title: "New bridge on the flood road opens to traffic".to_owned(),
            url: "https://newsroom.example/articles/new-bridge".to_owned(),
            note: "The bridge is 240 metres long, not 420 as we first wrote.".to_owned(),
            at: before(20),
            language: "en".parse().unwrap_or_default(),
        }],
        stories: vec![
            lead,
            story(
                1,
                "small-rooms",
                "Interviews",
                "“Trust is built in small rooms”: the Head of Office on twenty years of liaison",
                "In conversation with Regional Review: what a liaison office does all day, what has changed since the first agreement, and what comes next.",
                "Public Affairs Office",
                15,
            ),
            story(
                2,
                "scholarships",
                "Science",
                "Scholarships for young scientists: applications are open until 30\u{a0}June",
                "Twelve places for projects on energy and the environment. What is needed: a proposal of one page and two references.",
                "Public Affairs Office",
                20,
            ),
            foreign,
        ],
        telling: None,
        test: Some(TestBar { person: "Ana Petrović".to_owned(), recipients: 1204 }),
        sandbox: true,
    }
}

/// An issue with as little as an issue can have.
pub(super) fn bare(language: &Language) -> Issue {
    let mut issue = full(language);
    issue.corrections.clear();
    issue.stories.truncate(1);
    for story in &mut issue.stories {
        story.summary.clear();
        story.text.clear();
        story.html.clear();
        story.topic = None;
        story.authors.clear();
        story.picture = None;
    }
    issue.web_url = None;
    issue.test = None;
    issue.sandbox = false;
    issue
}

/// An issue of which a story was withdrawn.
pub(super) fn withdrawn(language: &Language) -> Issue {
    let mut issue = full(language);
    issue.test = None;
    issue.sandbox = false;
    for story in issue.stories.iter_mut().take(2) {
        story.withdrawn = Some("the figures in it were not confirmed".to_owned());
    }
    issue
}

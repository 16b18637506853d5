//! Every key of front matter that is read, by all its names. [`super::fields`] and its neighbours look nothing up but by
//! this table, docs/ARTICLES.md is made from it, and a misspelt key is compared with it ([`super::near`]).

#[cfg(test)]
mod tests;

use super::same_key;

/// One key.
#[derive(Debug)]
pub struct Key {
    /// Its names, Herald's own first; the first one that a file says something under counts.
    pub names: &'static [&'static str],
    /// What it wants.
    pub takes: &'static str,
    /// What it means.
    pub says: &'static str,
    /// A value.
    pub example: &'static str,
    /// A value by which it holds the article back, where it can.
    pub holds: Option<&'static str>,
}

const fn key(
    names: &'static [&'static str],
    takes: &'static str,
    says: &'static str,
    example: &'static str,
    holds: Option<&'static str>,
) -> Key {
    Key { names, takes, says, example, holds }
}

macro_rules! keys {
    ($($name:ident = $names:expr, $takes:expr, $says:expr, $example:expr, $holds:expr;)*) => {
        $(#[doc = $says] pub const $name: Key = key(&$names, $takes, $says, $example, $holds);)*

        /// All of them, in the order of the reference.
        pub const ALL: &[&Key] = &[$(&$name),*];
    };
}

keys! {
    TITLE = ["title", "headline"], "a text",
        "The headline; else the first heading of the text, else the file's name.", "Night ferry", None;
    SUMMARY = ["summary", "excerpt", "deck", "standfirst", "description", "abstract", "lead", "intro"], "a text",
        "The summary; else what stands before `<!-- more -->`, else the first sentences.", "Nobody waits any more.", None;
    DATE = ["date", "published", "publish", "pub_date", "published_at", "published_on", "date_published",
            "publication_date"], "a date",
        "When it was published; else the date in the file's name or folders, else the first reading. A date to come holds \
         the article until then.", "2026-05-18 16:40", Some("2031-05-18");
    PUBLISH_DATE = ["publish_date", "publish_at", "publish_on", "publish_after"], "a date",
        "Hugo's second date: until the later of it and `date` the article is held.", "2026-05-18", Some("2031-05-18");
    TIME = ["time"], "a time of day", "The time, where `date` has none.", "16:40", None;
    EVENT = ["event", "event_date"], "a date",
        "The day of what the article is about: its date for want of another, once that day has passed.",
        "2016-02-03", None;
    UPDATED = ["updated", "lastmod", "last_modified_at", "last_modified", "modified", "updated_at", "date_modified",
               "last_updated", "edited"], "a date",
        "When it was last changed by more than a slip.", "2026-05-19", None;
    EMBARGO = ["embargo", "embargo_until", "embargoed_until", "embargoed", "embargo_date"], "a date",
        "Nothing of it leaves the house before. A value that is no date leaves the file out.", "2031-05-18 06:00",
        Some("2031-05-18");
    DRAFT = ["draft", "is_draft", "unpublished"], "yes or no",
        "Held until it is taken away. Whatever is neither yes nor no holds too, and is named.", "true", Some("true");
    PUBLISHED = ["published", "publish"], "yes or no, or a date",
        "`false` holds it (Jekyll), with a remark.", "false", Some("false");
    STATUS = ["status", "post_status"], "a word",
        "`draft`, `private`, `hidden`, `pending` or `skip` hold it (Pelican, WordPress).", "draft", Some("draft");
    HIDDEN = ["hidden", "private", "unlisted", "headless", "eleventy_exclude_from_collections"], "yes or no",
        "`true` holds it, with a remark: other sites have no page of it, or no list.", "true", Some("true");
    RENDER = ["render"], "yes or no", "`false` holds it (Zola), with a remark.", "false", Some("false");
    BUILD = ["build"], "a map",
        "`render` or `list` of `never`, `false` or `link` hold it (Hugo, also as `_build`), with a remark.",
        "{render: never}", Some("{render: never}");
    EXPIRY = ["expiry_date", "expires", "expiry"], "a date",
        "A day that has passed holds it (Hugo), with a remark. No clock takes a public article back: write `withdrawn`.",
        "2020-01-01", Some("2020-01-01");
    WITHDRAWN = ["withdrawn", "retracted", "retraction"], "a reason, or yes or no",
        "The article is withdrawn: the reason stands in its place.", "It was another bridge.",
        Some("It was another bridge.");
    CORRECTION = ["correction", "corrections", "errata", "erratum"], "a text, or maps of `note`, or `wrong` and `right`",
        "Corrections, shown with the article; `at` says when.", "It was Tuesday.", None;
    UPDATES = ["update_notes", "update_note"], "a text, or maps of `note`", "Notes of new facts, shown with the article; `at` says when.",
        "The road is open again.", None;
    CHANGE = ["change"], "`minor` or `update`",
        "What a change of this file is, where Herald would take it for the other: a slip, which is silent, or new facts. It \
         speaks for each change as long as it stands there, and not for corrections.", "minor", None;
    AUTHORS = ["authors", "author", "byline", "writers", "writer", "by"], "names",
        "Who wrote it: a text, a list, or maps with `name`. `;` stands between several in one text.",
        "[Ana Jović, Marko Ilić]", None;
    TOPICS = ["topics", "topic"], "words or a list of them",
        "What it is about, by which readers choose: ids or names of `[[topics]]`, or others.", "[culture, Sava]", None;
    TAGS = ["tags", "tag", "keywords", "sections"], "words or a list of them", "More topics.", "[culture]", None;
    CATEGORIES = ["categories", "category"], "words or a list of them",
        "More topics. `categories: news update` without quotes are two, as in Jekyll, unless a topic is called so.",
        "[news]", None;
    BREAKING = ["breaking"], "yes or no", "Urgent: alerts take it.", "true", None;
    PRIORITY = ["priority"], "a word", "`breaking` and `urgent` mean the same as `breaking: true`.", "urgent", None;
    PICTURE = ["image", "featured_image", "feature_image", "cover", "cover_image", "lead_image", "primary_image", "hero",
               "hero_image", "banner", "header_image", "picture", "photo", "thumbnail", "thumb", "preview", "teaser",
               "img", "og_image", "social_image", "header", "images"], "an address, or a map with `src`",
        "The lead picture: a file beside the article or under the folder, or an address. A map may hold `alt`, `caption` \
         and `credit` too.", "pictures/ferry.jpg", None;
    ALT = ["image_alt", "image_alt_text", "alt", "alt_text", "cover_alt", "thumbnail_alt", "thumb_alt",
           "featured_image_alt", "feature_image_alt", "hero_alt", "image_description"], "a text",
        "What the picture shows, for those who don't see it; `\"\"` where it is decorative. A mail with a picture of which \
         nobody said it is held.", "A ferry at night", None;
    CAPTION = ["caption", "image_caption", "image_figcaption", "figcaption", "featured_image_caption",
               "feature_image_caption", "cover_caption"], "a text", "Its caption.", "The last ferry.", None;
    CREDIT = ["credit", "image_credit", "image_credits", "photo_credit", "photographer"], "a text", "Who made it.",
        "Ana Jović", None;
    LANGUAGE = ["lang", "language", "locale", "lng"], "a language",
        "Its language: a tag, a locale or a name; else the file's name or folder, the source's `language`, the site's \
         first one.", "sr-Latn", None;
    TRANSLITERATE = ["transliterate"], "yes or no",
        "Whether an article in Serbian Cyrillic is offered in Latin letters too, whatever its source says; a Latin version \
         made by hand goes before it.", "true", None;
    TRANSLATION_KEY = ["translation_key", "translation_id", "trans_id"], "a text",
        "Files with the same one are translations of each other.", "night-ferry", None;
    TRANSLATION_OF = ["translation_of", "translates"], "a file, a slug or an id", "The article it is a translation of.",
        "night-ferry.md", None;
    ID = ["id", "uuid"], "a UUID or a text",
        "Which article it is, whatever its file is called. Each translation may have the same text.", "ferry-1", None;
    GUID = ["guid", "atom_id", "feed_id"], "a text", "The id that feeds had for it on another site; they keep it.",
        "tag:old.example,2014:7", None;
    SLUG = ["slug"], "a text", "The end of its address; else the file's name, else the title.", "night-ferry", None;
    PERMALINK = ["permalink"], "an address",
        "The address it had elsewhere: its last part is the slug, and links to it are followed. `false` holds the \
         article (Eleventy), with a remark.", "/2014/05/night-ferry/", Some("false");
    ADDRESS = ["url", "path"], "an address", "The same (Hugo, Zola).", "/2014/05/night-ferry/", None;
    CANONICAL = ["canonical", "canonical_url", "canonical_link"], "a web address", "Where it first appeared.",
        "https://review.example/ferry", None;
    EXTRA = ["extra", "params"], "a map", "Zola's and Hugo's place for more keys: all of these are read there too.",
        "{lang: fr}", None;
    TAXONOMIES = ["taxonomies"], "a map", "Zola's place for `topics`, `tags` and `categories`.", "{tags: [culture]}", None;
}

/// The name in this table that a key is, whatever its case, hyphens and underscores.
pub fn known(name: &str) -> Option<&'static str> {
    ALL.iter().flat_map(|key| key.names).copied().find(|known| same_key(known, name))
}

/// Whether a key of this name may hold an article back.
pub fn may_hold(name: &str) -> bool {
    ALL.iter().any(|key| key.holds.is_some() && key.names.iter().any(|known| same_key(known, name)))
}

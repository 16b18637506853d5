//! What tags of every generator have in common: a name, arguments, and most often a picture.

use std::fmt::Write;

/// A tag's name and its arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Args {
    pub(super) name: String,
    pub(super) positional: Vec<String>,
    named: Vec<(String, String)>,
}

/// What a tag became.
pub(super) enum Made {
    Html(String),
    /// The address of the article that is called so.
    Page(String),
    /// It stands for nothing that is printed.
    Nothing,
    Unknown,
}

impl Args {
    /// Reads `name "a" key="b" other='c' bare`, and `name(key="a", "b")`.
    pub(super) fn read(text: &str) -> Args {
        let text = text.trim();
        let end = text.find(|c: char| c.is_whitespace() || c == '(').unwrap_or(text.len());
        let mut args = Args { name: text[..end].to_owned(), ..Args::default() };
        let mut rest = text[end..].trim_start().trim_start_matches('(');
        for _ in 0..100 {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ')'));
            if rest.is_empty() {
                break;
            }
            let key = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(rest.len());
            let after = rest[key..].trim_start();
            if key > 0 && after.starts_with(['=', ':']) && !after.starts_with("://") {
                let name = rest[..key].to_ascii_lowercase();
                let (value, left) = value(after[1..].trim_start());
                args.named.push((name, value));
                rest = left;
            } else {
                let (value, left) = value(rest);
                args.positional.push(value);
                rest = left;
            }
        }
        args
    }

    pub(super) fn get(&self, names: &[&str]) -> Option<&str> {
        let found =
            names.iter().find_map(|name| self.named.iter().find(|(key, value)| key == name && !value.is_empty()));
        found.map(|(_, value)| value.as_str())
    }
}

/// A value at the beginning of a text, and what follows it.
fn value(text: &str) -> (String, &str) {
    // Doubled quotes happen where somebody put a quoted word into quotes.
    let text =
        text.strip_prefix("\"\"").filter(|rest| rest.starts_with(char::is_alphanumeric)).map_or(text, |_| &text[1..]);
    match text.chars().next() {
        Some(quote @ ('"' | '\'' | '`')) => {
            let mut out = String::new();
            let mut chars = text.char_indices().skip(1);
            while let Some((at, c)) = chars.next() {
                if c == '\\' && quote != '`' {
                    out.extend(chars.next().map(|(_, c)| c));
                } else if c == quote {
                    let rest = &text[at + 1..];
                    // A quote with a letter right after it is part of the text.
                    if rest.starts_with(|c: char| c.is_alphanumeric()) && rest.contains(quote) {
                        out.push(c);
                        continue;
                    }
                    return (
                        out,
                        rest.strip_prefix(quote).filter(|r| r.is_empty() || r.starts_with(' ')).unwrap_or(rest),
                    );
                } else {
                    out.push(c);
                }
            }
            (out, "")
        }
        _ => {
            let end = text.find(|c: char| c.is_whitespace() || matches!(c, ',' | ')')).unwrap_or(text.len()).max(1);
            let end = (end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
            (text[..end].to_owned(), &text[end..])
        }
    }
}

/// What a tag becomes.
pub(super) fn make(args: &Args, alone: bool) -> Made {
    let name = args.name.to_ascii_lowercase();
    let first = args.positional.first().map(String::as_str);
    let id = args.get(&["id", "code", "video", "slug"]).or(first);
    let title = args.get(&["title", "caption", "label"]);
    let link = |url: String| {
        let label = title.map_or_else(
            || url.trim_start_matches("https://www.").trim_start_matches("https://").to_owned(),
            str::to_owned,
        );
        Made::Html(anchor(&url, &label))
    };
    match (name.as_str(), id) {
        ("youtube" | "youtubelite" | "lite-youtube" | "yt", Some(id)) if is_id(id) => {
            return link(format!("https://www.youtube.com/watch?v={id}"));
        }
        ("vimeo", Some(id)) if is_id(id) => return link(format!("https://vimeo.com/{id}")),
        ("tweet" | "x" | "twitter" | "twitter_simple", Some(id)) if is_id(id) => {
            let user = args.get(&["user"]).filter(|user| is_id(user)).unwrap_or("i");
            return link(format!("https://twitter.com/{user}/status/{id}"));
        }
        ("instagram" | "instagram_simple", Some(id)) if is_id(id) => {
            return link(format!("https://www.instagram.com/p/{id}/"));
        }
        ("gist", Some(user)) if is_id(user) => {
            return match args.positional.get(1).filter(|id| is_id(id)) {
                Some(id) => link(format!("https://gist.github.com/{user}/{id}")),
                None => link(format!("https://gist.github.com/{user}")),
            };
        }
        ("ref" | "relref" | "post_url" | "link", _) => {
            return Made::Page(args.get(&["path"]).or(first).unwrap_or_default().to_owned());
        }
        ("toc" | "clear" | "clearfix" | "spacer" | "more" | "icon" | "newline" | "seo" | "feed_meta" | "csrf", _) => {
            return Made::Nothing;
        }
        ("br", _) => return Made::Html("<br>".to_owned()),
        _ => {}
    }
    let src = args.get(&[
        "src",
        "source",
        "image",
        "img",
        "image_path",
        "image_url",
        "picture",
        "file",
        "url",
        "path",
        "filename",
    ]);
    let positional = args.positional.iter().map(String::as_str).find(|value| is_picture(value));
    let pictured =
        ["img", "image", "fig", "picture", "photo"].iter().any(|word| name.contains(word)) || name == "include";
    if let Some(src) = src.filter(|src| pictured || is_picture(src)).or(positional)
        && (name != "include" || is_picture(src))
    {
        return Made::Html(picture(src, args, alone));
    }
    if let (Some(text), true) = (args.get(&["text", "quote"]), name.contains("quote")) {
        let cite =
            args.get(&["cite", "author", "source"]).map(|cite| format!("<p>{}</p>", escaped(cite))).unwrap_or_default();
        return Made::Html(format!("<blockquote><p>{}</p>{cite}</blockquote>", escaped(text)));
    }
    if let Some(target) = args.get(&["href", "link", "file", "url", "src"]) {
        let label = args.get(&["label", "text", "title", "name"]).unwrap_or(target);
        return Made::Html(anchor(target, label));
    }
    Made::Unknown
}

pub(super) fn anchor(url: &str, label: &str) -> String {
    format!("<a href=\"{}\">{}</a>", escaped(url), escaped(label))
}

/// A picture; one that stands alone, with its caption.
fn picture(src: &str, args: &Args, alone: bool) -> String {
    let others: Vec<&str> =
        args.positional.iter().map(String::as_str).filter(|value| *value != src && !is_picture(value)).collect();
    let named_alt = args.get(&["alt", "alt_text"]);
    let alt = named_alt.or_else(|| others.first().copied()).unwrap_or_default();
    let caption = args
        .get(&["caption", "figcaption", "title", "description"])
        .or_else(|| others.get(1).copied().filter(|_| named_alt.is_none() && alone));
    let credit = args.get(&["attr", "credit", "attribution"]);
    // Without a word it stays open whether the picture is decorative.
    let alt = if alt.is_empty() { String::new() } else { format!(" alt=\"{}\"", escaped(alt)) };
    let mut html = format!("<img src=\"{}\"{alt}>", escaped(src));
    if let Some(link) = args.get(&["link", "href"]) {
        html = format!("<a href=\"{}\">{html}</a>", escaped(link));
    }
    let words: Vec<String> = [caption, credit].into_iter().flatten().map(escaped).collect();
    if !alone {
        return html;
    }
    if words.is_empty() {
        return format!("<p>{html}</p>");
    }
    let mut figure = String::from("<figure>");
    let _ = write!(figure, "{html}<figcaption>{}</figcaption></figure>", words.join(" "));
    figure
}

fn is_picture(value: &str) -> bool {
    let path = value.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    [".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".avif"].iter().any(|end| path.ends_with(end))
}

fn is_id(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= 64
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// The part of an expression before its filters.
pub(super) fn before_filters(expression: &str) -> &str {
    let mut quote = None;
    for (at, c) in expression.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, '|') => return expression[..at].trim(),
            _ => {}
        }
    }
    expression.trim()
}

/// What a quoted text says; `None` for anything else.
pub(super) fn literal(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inner = text[1..].strip_suffix(quote)?;
    (!inner.contains(quote)).then(|| inner.to_owned())
}

/// Text as HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\n', " ")
}

/// The beginning of a tag, for a message.
pub(super) fn shown(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

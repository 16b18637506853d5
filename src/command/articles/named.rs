//! Which article somebody means: by its id, the beginning of it, its slug, or its public address.

use crate::article::ArticleId;
use crate::command::{Advice, Usage};
use crate::config::Config;
use crate::store::Tx;
use crate::store::articles;

/// The one article that somebody means.
///
/// # Errors
/// There is none, or several may be meant.
pub(in crate::command) async fn named(tx: &mut Tx, config: &Config, text: &str) -> anyhow::Result<ArticleId> {
    let (prefix, slug) = match address(config, text.trim()) {
        Some((prefix, slug)) => (Some(prefix), slug),
        None => (None, text.trim().to_owned()),
    };
    let mut found = articles::lookup(tx, &slug).await?;
    if let Some(prefix) = prefix {
        let language = config.site.languages.iter().find(|language| config.site.prefix(language) == prefix);
        let mut there = Vec::new();
        for revision in articles::present(tx, &found).await? {
            if Some(&revision.language) == language {
                there.push(revision.article);
            }
        }
        found = there;
    }
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(Usage(format!("there is no article “{text}”")))
            .advise("`herald articles list` shows their ids; a slug or the address of its page does as well."),
        several => {
            // A slug stands once in each language; the site's first that has it is meant by nobody in particular.
            let mut lines = vec![format!("“{text}” could be any of these:")];
            for id in several {
                if let Some(revision) = articles::by_id(tx, *id).await? {
                    let url = config.site.article(&revision.language, &revision.slug);
                    lines.push(format!("  {id}  {}  {}  {url}", revision.language, revision.content.title));
                }
            }
            Err(Usage(lines.join("\n"))).advise("Name one by its id, by enough of its beginning, or by its address.")
        }
    }
}

/// What stands before the path, and the slug, where somebody gave the address of a page; under whatever host they reached it.
fn address(config: &Config, text: &str) -> Option<(String, String)> {
    let whole = match text.strip_prefix('/') {
        Some(path) => config.site.address(&format!("/{path}")),
        None => text.to_owned(),
    };
    let url = url::Url::parse(&whole).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let base = url::Url::parse(&config.site.url).map(|base| base.path().trim_end_matches('/').to_owned());
    let path = url.path().trim_end_matches('/').trim_end_matches("index.html").trim_end_matches('/');
    let path = path.strip_prefix(base.unwrap_or_default().as_str()).unwrap_or(path);
    let (prefix, slug) = path.split_once("/articles/")?;
    let slug = percent_encoding::percent_decode_str(slug).decode_utf8().ok()?;
    (!slug.is_empty() && !slug.contains('/')).then(|| (prefix.to_owned(), slug.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_language_and_slug() {
        let config = "[site]\ntitle = \"T\"\nurl = \"https://office.example/news\"\nlanguages = [\"en\", \"sr-Latn\"]\naddress = \"A\"\n[mail]\nfrom = \"a@b.example\"\nreturn_path = \"a@b.example\"\n";
        let nothing = std::iter::empty::<(String, String)>();
        let config = Config::load(std::path::Path::new("config.toml"), config, nothing).unwrap();
        let found = |text: &str| address(&config, text);
        let expected = |prefix: &str, slug: &str| Some((prefix.to_owned(), slug.to_owned()));
        assert_eq!(found("https://office.example/news/articles/ferry"), expected("", "ferry"));
        assert_eq!(found("http://127.0.0.1:8080/news/sr-latn/articles/trajekt/"), expected("/sr-latn", "trajekt"));
        assert_eq!(found("/articles/%D1%81%D0%BA%D0%B5%D0%BB%D0%B0"), expected("", "скела"));
        assert_eq!(found("/feeds/news.rss"), None);
        assert_eq!(found("ferry"), None);
    }
}

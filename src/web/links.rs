//! Where a page of ours leads: the addresses in its HTML that are on this site.

/// The paths (with a query, where there is one) that `html` leads to on the site at `url`, in order.
/// Only what a browser would follow or fetch: `href`, `src`, `srcset`.
pub(super) fn of(html: &str, url: &str) -> Vec<String> {
    let url = url.trim_end_matches('/');
    let base = super::public::base(url);
    let here = |address: &str| here(address, url, &base);
    let mut found = Vec::new();
    for (at, _) in html.match_indices("=\"") {
        let before = &html[..at];
        let value = html[at + 2..].split('"').next().unwrap_or_default();
        let names = |name: &str| {
            before.strip_suffix(name).is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_whitespace()))
        };
        if names("href") || names("src") {
            found.extend(here(&plain(value)));
        } else if names("srcset") {
            let value = plain(value);
            let addresses = value.split(", ").filter_map(|one| one.split_whitespace().next());
            found.extend(addresses.filter_map(here));
        }
    }
    found
}

/// The path of an address on this site, without the site's own path and without its fragment.
fn here(address: &str, url: &str, base: &str) -> Option<String> {
    let address = address.trim().split('#').next().unwrap_or_default();
    if address.is_empty() {
        return None;
    }
    let inside = |rest: &&str| rest.is_empty() || rest.starts_with(['/', '?']);
    let path = address.strip_prefix(url).or_else(|| address.strip_prefix(base)).filter(inside)?;
    let path = if path.is_empty() { "/" } else { path };
    (path.starts_with('/') && !path.starts_with("//")).then(|| path.to_owned())
}

/// An attribute's value without its character references: those that templates write.
fn plain(value: &str) -> String {
    if !value.contains('&') {
        return value.to_owned();
    }
    [("&#x2F;", "/"), ("&#x27;", "'"), ("&#39;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
        .iter()
        .fold(value.to_owned(), |text, (reference, sign)| text.replace(reference, sign))
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn only_what_leads_somewhere_here_is_found() {
        let html = r##"<a href="/articles/a?x=1&amp;y=2#top">a</a> <link rel=x href="https://news.example/assets/s.css">
            <img data-src="/no" src="&#x2F;media&#x2F;a.jpg" srcset="/media/a-1.jpg 1x, https://news.example/media/a-2.jpg 2x">
            <a href="https://elsewhere.example/b"></a><a href="//cdn.example/c"></a><a href="mailto:a@b.example"></a>
            <a href="https://news.example"></a><a href="https://news.example.evil.example/d"></a><a href="#here"></a>"##;
        let links = of(html, "https://news.example/");
        let there = ["/articles/a?x=1&y=2", "/assets/s.css", "/media/a.jpg", "/media/a-1.jpg", "/media/a-2.jpg", "/"];
        assert_eq!(links, there);
        let html = r#"<a href="/news/a"></a><a href="https://x.example/news/b"></a><a href="/newsletters"></a><a href="/c"></a>"#;
        assert_eq!(of(html, "https://x.example/news"), ["/a", "/b"]);
    }
}

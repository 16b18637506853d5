//! What a whole HTML page says about itself in its head: a title, a date, an author, a language.

use crate::article::markup::{Piece, walk};
use crate::article::matter::{Node, Value};

/// The keys that a page's head gives, by the names that front matter has for them.
pub(super) fn meta(page: &str, line: usize) -> Node {
    let mut entries: Vec<(String, Node)> = Vec::new();
    let mut put = |key: &str, value: &str| {
        if !value.trim().is_empty() && entries.iter().all(|(known, _)| known != key) {
            entries.push((key.to_owned(), Node::text(line, value.trim(), true)));
        }
    };
    if !page.contains("<meta") && !page.contains("<title") && !page.contains("<html") && !page.contains("<h1") {
        return Node::map(line);
    }
    let (mut title, mut heading, mut inside) = (String::new(), String::new(), "");
    walk(page, |piece| match piece {
        Piece::Start(tag) => {
            let get = |name: &str| tag.attrs.iter().find(|a| &*a.name.local == name).map(|a| a.value.to_string());
            match &*tag.name {
                "html" => put("lang", &get("lang").unwrap_or_default()),
                "title" if title.is_empty() => inside = "title",
                "h1" if heading.is_empty() => inside = "h1",
                "link" if get("rel").as_deref() == Some("canonical") => {
                    put("canonical", &get("href").unwrap_or_default())
                }
                "meta" => {
                    let name = get("name").or_else(|| get("property")).unwrap_or_default().to_ascii_lowercase();
                    let content = get("content").unwrap_or_default();
                    match name.as_str() {
                        "author" | "article:author" | "dc.creator" => put("author", &content),
                        "date"
                        | "article:published_time"
                        | "dc.date"
                        | "dc.date.issued"
                        | "pubdate"
                        | "dcterms.date" => put("date", &content),
                        "article:modified_time" | "last-modified" => put("updated", &content),
                        "description" | "og:description" => put("description", &content),
                        "keywords" | "article:tag" => put("keywords", &content),
                        "og:image" => put("image", &content),
                        "content-language" | "dc.language" => put("lang", &content),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        Piece::End("title" | "h1" | "head" | "body") => inside = "",
        Piece::Text(text) => match inside {
            "title" => title.push_str(text),
            "h1" => heading.push_str(text),
            _ => {}
        },
        Piece::End(_) => {}
    });
    // The heading says what the article is called; the title of a page often says the site's name too.
    put("title", if heading.trim().is_empty() { &title } else { &heading });
    Node { line, value: Value::Map(entries) }
}

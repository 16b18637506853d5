//! What each kind of tag becomes.

use super::{Scanner, window};

/// How far the end of a pair of tags is looked for, in bytes.
const FAR: usize = 200_000;
use super::element::{self, Args, Made};
use crate::article::markup::Found;

impl Scanner<'_> {
    /// Hugo's `{{< name args >}}` and `{{% name args %}}`.
    pub(super) fn shortcode(&mut self, inner: &str, length: usize, alone: bool) {
        let inner = inner.trim();
        if let Some(shown) = inner.strip_prefix("/*").and_then(|i| i.strip_suffix("*/")) {
            // Written so that readers see it.
            let shown = format!("`{{{{&lt; {} &gt;}}}}`", shown.trim()).replace('`', "");
            return self.put(&shown, length, false);
        }
        let inner = inner.trim_end_matches('/').trim();
        if inner.starts_with('/') || inner.is_empty() {
            self.at += length;
            return;
        }
        let args = Args::read(inner);
        let close = window(&self.body[self.at + length..], FAR).find(&format!("/{}", args.name)).filter(|at| {
            let before = &self.body[self.at + length..self.at + length + at];
            before.trim_end().ends_with("{{<") || before.trim_end().ends_with("{{%")
        });
        if let (Some(close), "highlight" | "code") = (close, args.name.as_str()) {
            let content = &self.body[self.at + length..self.at + length + close];
            let content = content.trim_end().trim_end_matches(['{', '<', '%']).to_owned();
            self.code_block(args.positional.first().map_or("", String::as_str), &content);
            let end = self.body[self.at + length + close..].find("}}").map_or(0, |end| end + 2);
            self.at += length + close + end;
            return;
        }
        self.element(&args, length, alone, close.is_some());
    }

    /// `{% name args %}` of Jekyll, Eleventy and Zola.
    pub(super) fn liquid(&mut self, inner: &str, length: usize, alone: bool) {
        let inner = inner.trim().trim_matches('-').trim();
        let name = inner.split([' ', '(', '\n']).next().unwrap_or_default();
        let after = self.at + length;
        let until = |tag: &str| {
            let rest = window(&self.body[after..], FAR);
            let close = [format!("{{% {tag} %}}"), format!("{{%- {tag} -%}}"), format!("{{%{tag}%}}")];
            close.iter().filter_map(|c| rest.find(c.as_str()).map(|at| (at, at + c.len()))).min()
        };
        match name {
            "raw" | "verbatim" => match until(&format!("end{name}")) {
                Some((end, past)) => {
                    let content = self.body[after..after + end].to_owned();
                    self.out.push_str(&content);
                    self.at = after + past;
                }
                None => self.at = after,
            },
            "comment" => self.at = until("endcomment").map_or(after, |(_, past)| after + past),
            "highlight" | "codeblock" => {
                let language = inner[name.len()..].split_whitespace().next().unwrap_or_default().to_owned();
                match until(&format!("end{name}")) {
                    Some((end, past)) => {
                        let content = self.body[after..after + end].to_owned();
                        self.code_block(&language, &content);
                        self.at = after + past;
                    }
                    None => self.at = after,
                }
            }
            _ if name.starts_with("end") || name == "else" || name == "break" => self.at = after,
            "if" | "unless" | "for" | "assign" | "capture" | "case" | "when" | "elsif" | "set" | "import"
            | "extends" | "block" | "macro" | "with" | "cache" => {
                let shown = element::shown(inner);
                self.warn(format!("`{{% {shown} %}}` is not run here; what it holds is printed"));
                self.at = after;
            }
            _ => {
                let args = Args::read(inner);
                let paired =
                    self.body[after..].contains(&format!("end{name}")) || self.body[after..].contains("{% end %}");
                self.element(&args, length, alone, paired);
            }
        }
    }

    /// `{{ … }}` of Jekyll, Eleventy, Zola and others.
    pub(super) fn expression(&mut self, inner: &str, length: usize, alone: bool) {
        let inner = inner.trim().trim_matches('-').trim();
        let base = element::before_filters(inner);
        if let Some(literal) = element::literal(base) {
            return self.put(&literal, length, false);
        }
        let name = base.rsplit('.').next().unwrap_or_default().to_ascii_lowercase().replace(['_', '-'], "");
        if matches!(
            name.as_str(),
            "baseurl" | "url" | "siteurl" | "previewbaseurl" | "root" | "rootpath" | "rustsrcbase" | "publicurl"
        ) && !base.contains('(')
        {
            return self.put("", length, false);
        }
        if matches!(base, "page.title" | "title" | "post.title" | "page.name") {
            let title = element::escaped(self.ground.title);
            return self.put(&title, length, false);
        }
        if let Some((function, _)) = base.split_once('(') {
            let args = Args::read(base);
            if matches!(function.trim(), "get_url" | "url_for" | "url" | "asset" | "relref" | "ref") {
                let path = args.get(&["path", "filename"]).or_else(|| args.positional.first().map(String::as_str));
                let path = path.unwrap_or_default().to_owned();
                return self.put(&path, length, false);
            }
            return self.element(&args, length, alone, false);
        }
        let shown = element::shown(inner);
        self.warn(format!("`{{{{ {shown} }}}}` is not known here; it is left out"));
        self.at += length;
    }

    /// A tag with a name and arguments.
    fn element(&mut self, args: &Args, length: usize, alone: bool, paired: bool) {
        match element::make(args, alone) {
            Made::Html(html) => self.put(&html, length, alone),
            Made::Page(name) => {
                let address = format!("x-page:{}", name.replace(' ', "%20"));
                let bare = (!self.is_address()).then(|| {
                    // Where it stands by itself, it becomes the link that its address was meant for.
                    let (file, _) = name.split_once('#').unwrap_or((&name, ""));
                    let label = match self.ground.around.named(file) {
                        Found::Page(url) => url,
                        _ => name.clone(),
                    };
                    // Without its scheme, or Markdown makes a link of it within the link.
                    element::anchor(&address, label.split_once("://").map_or(label.as_str(), |(_, rest)| rest))
                });
                self.put(&bare.unwrap_or(address), length, false);
            }
            // The tags of a box around ordinary text go; the text stays.
            Made::Nothing => self.at += length,
            Made::Unknown if paired => self.at += length,
            Made::Unknown => {
                let name = element::shown(&args.name);
                self.warn(format!("the tag `{name}` is not known here; it is left out"));
                self.at += length;
            }
        }
    }

    /// Whether what stands here is the address of a link: `[text](…)`, `[name]: …`, `<a href=…`.
    fn is_address(&self) -> bool {
        let before = &self.body[..self.at];
        let line = before.rsplit('\n').next().unwrap_or_default();
        let label = line.trim_end().strip_suffix("]:").is_some_and(|name| name.trim_start().starts_with('['));
        let target = line.rfind("](").is_some_and(|at| !line[at..].contains(')'));
        let tag = before.rfind('<').map(|at| &before[at + 1..]).is_some_and(|tag| {
            tag.len() < super::LONGEST && tag.starts_with(|c: char| c.is_ascii_alphabetic()) && !tag.contains('>')
        });
        // `<{{< ref "a.md" >}}>`
        label || target || tag || before.ends_with('<')
    }

    fn code_block(&mut self, language: &str, content: &str) {
        let fence = if content.contains("```") { "~~~~" } else { "```" };
        let language: String = language.chars().filter(char::is_ascii_alphanumeric).collect();
        self.out.push_str(&format!("\n{fence}{language}\n{}\n{fence}\n", content.trim_matches('\n')));
    }
}

//! An article's body as a page sets it. What comes in was sanitised at the door and is well-formed; here it gets classes for
//! what it already is: questions and answers by name, quotes pulled out of the text, pictures that can wait.

/// Where a speaker's name may stand: longer ones are no names.
const NAME: usize = 60;

/// The body with its classes.
pub(super) fn set(html: &str) -> String {
    let html = pulled(&spoken(html));
    html.replace("<img ", "<img loading=\"lazy\" decoding=\"async\" ")
}

/// A paragraph that begins with a name in bold and a colon.
struct Turn<'a> {
    /// Where the paragraph begins.
    start: usize,
    /// Where what was said begins.
    said: usize,
    name: &'a str,
}

/// Interviews: where at least two people speak in turn, the one who speaks first asks. A list of definitions that
/// looks the same has no name that comes again.
fn spoken(html: &str) -> String {
    let turns: Vec<Turn<'_>> = html.match_indices("<p>").filter_map(|(start, _)| turn(html, start)).collect();
    let Some(first) = turns.first() else { return html.to_owned() };
    let asked = turns.iter().filter(|t| t.name == first.name).count();
    if asked < 2 || turns.len() - asked < 2 {
        return html.to_owned();
    }
    let mut out = String::with_capacity(html.len() + turns.len() * 48);
    let mut done = 0;
    for turn in &turns {
        let class = if turn.name == first.name { "question" } else { "answer" };
        out.push_str(&html[done..turn.start]);
        out.push_str(&format!("<p class=\"{class}\"><b class=\"who\">{}:</b> ", turn.name));
        done = turn.said;
    }
    out.push_str(&html[done..]);
    out
}

/// `<p><strong>NAME:</strong> …` or `<p><strong>NAME</strong>: …`, also with `<b>`.
fn turn(html: &str, start: usize) -> Option<Turn<'_>> {
    let inside = html[start..].strip_prefix("<p>")?;
    let (inside, close) = match inside.strip_prefix("<strong>") {
        Some(rest) => (rest, "</strong>"),
        None => (inside.strip_prefix("<b>")?, "</b>"),
    };
    let end = inside.find(close)?;
    let after = &inside[end + close.len()..];
    let written = &inside[..end];
    let (name, after) = match written.trim_end().strip_suffix(':') {
        Some(name) => (name, after),
        None => (written, after.strip_prefix(':')?),
    };
    let name = name.trim();
    let is_name = !name.is_empty() && name.chars().count() <= NAME && !name.contains('<');
    let said = html.len() - after.trim_start().len();
    is_name.then_some(Turn { start, said, name })
}

/// A quotation whose words stand in the text as well was pulled out of it.
fn pulled(html: &str) -> String {
    const OPEN: &str = "<blockquote>";
    const CLOSE: &str = "</blockquote>";
    if !html.contains(OPEN) {
        return html.to_owned();
    }
    let mut running = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once(OPEN) {
        running.push_str(before);
        rest = after.split_once(CLOSE).map_or("", |(_, after)| after);
    }
    running.push_str(rest);
    let running = letters(&running);
    let mut out = String::with_capacity(html.len() + 64);
    let mut rest = html;
    while let Some((before, after)) = rest.split_once(OPEN) {
        out.push_str(before);
        let quoted = letters(after.split_once(CLOSE).map_or(after, |(quoted, _)| quoted));
        let is_pulled = quoted.chars().count() >= 12 && running.contains(&quoted);
        out.push_str(if is_pulled { "<blockquote class=\"pull\">" } else { OPEN });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The letters and figures of a text, without markup: two ways of setting the same words are alike.
fn letters(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut tag = false;
    let mut entity = false;
    for c in html.chars() {
        match c {
            '<' => tag = true,
            '>' => tag = false,
            '&' if !tag => entity = true,
            ';' => entity = false,
            c if !tag && !entity && c.is_alphanumeric() => out.extend(c.to_lowercase()),
            c if c.is_whitespace() => entity = false,
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interview_is_set_by_name() {
        let html = "<p>On Monday.</p>\n<p><strong>Review:</strong> How?</p>\n<p><strong>Head</strong>: So.</p>\n<p>And so.</p>\n\
                    <p><strong>Review:</strong> Why?</p>\n<p><strong>Head:</strong> Thus.</p>";
        let set = set(html);
        assert!(set.contains("<p class=\"question\"><b class=\"who\">Review:</b> How?</p>"), "{set}");
        assert!(set.contains("<p class=\"answer\"><b class=\"who\">Head:</b> So.</p>"), "{set}");
        assert!(set.contains("<p>And so.</p>"), "{set}");
    }

    #[test]
    fn definitions_are_no_interview() {
        let html =
            "<p><strong>When:</strong> Monday</p><p><strong>Where:</strong> Here</p><p><strong>Who:</strong> All</p>";
        assert_eq!(set(html), html);
        assert_eq!(set("<p><strong>Not closed"), "<p><strong>Not closed");
    }

    #[test]
    fn a_quote_is_pulled_where_the_text_has_its_words() {
        let html = "<p>He said: “Trust is <em>built</em> in small rooms”.</p><blockquote>\n<p>“Trust is built in small rooms.”</p>\n</blockquote>\
                    <blockquote><p>Words of somebody else.</p></blockquote>";
        let set = set(html);
        assert_eq!(set.matches("class=\"pull\"").count(), 1, "{set}");
        assert!(set.contains("<blockquote><p>Words of"), "{set}");
    }

    #[test]
    fn pictures_can_wait() {
        assert_eq!(set("<img src=\"a\">"), "<img loading=\"lazy\" decoding=\"async\" src=\"a\">");
    }
}

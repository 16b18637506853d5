//! A mail to accredited press says of itself until when it is under embargo: first in its subject, and as the first line of
//! both of its parts, whatever the template prints.

use crate::mail::{Parts, Piece, Rendering};

/// How the line stands out above the mail.
const STYLE: &str =
    "background:#8b0000;color:#ffffff;font:bold 16px/24px Arial,sans-serif;padding:12px 20px;text-align:center";

/// The rendering with `words` (`EMBARGOED UNTIL …`) before everything else.
pub(super) fn marked(rendering: Rendering, words: &str) -> Rendering {
    let mut parts = Parts::from(rendering);
    for subject in &mut parts.subjects {
        subject.insert(0, Piece::Text(format!("{words}: ")));
    }
    parts.text.insert(0, Piece::Text(format!("{words}\n\n")));
    let escaped = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let line = format!("<div role=\"note\" style=\"{STYLE}\">{escaped}</div>\n");
    let body = parts.html.iter().enumerate().find_map(|(n, piece)| {
        let Piece::Text(text) = piece else { return None };
        let start = text.find("<body")?;
        Some((n, start + text[start..].find('>')? + 1))
    });
    match body.and_then(|(n, end)| Some((parts.html.get_mut(n)?, end))) {
        Some((Piece::Text(text), end)) => text.insert_str(end, &format!("\n{line}")),
        _ => parts.html.insert(0, Piece::Text(line)),
    }
    parts.into()
}

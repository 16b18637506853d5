//! The status part of a delivery report (RFC 3464 §2): groups of fields, the first about the message, each other about
//! one recipient.

use mail_parser::{Message, MimeHeaders as _};

use super::{Failure, LINE, PARTS, clean};
use crate::mail::about::judge;

/// Groups that are read: ours hold one recipient each.
const GROUPS: usize = 32;
/// Bytes of the part that are read.
const BYTES: usize = 64 * 1024;

/// What the part says of one recipient.
#[derive(Debug, Default)]
pub(super) struct Group {
    original: Option<String>,
    last: Option<String>,
    action: String,
    status: Option<(u8, u16, u16)>,
    diagnostic: String,
}

/// The recipients of the message's status part.
pub(super) fn groups(message: &Message<'_>) -> Vec<Group> {
    let is_status = |part: &&mail_parser::MessagePart<'_>| {
        part.content_type().is_some_and(|kind| {
            kind.ctype() == "message" && matches!(kind.subtype(), Some("delivery-status" | "global-delivery-status"))
        })
    };
    let mut all = Vec::new();
    for part in message.parts.iter().take(PARTS).filter(is_status) {
        for group in fields(part.contents()) {
            let group = Group::of(group);
            if group.last.is_some() || group.original.is_some() || !group.action.is_empty() || group.status.is_some() {
                all.push(group);
            }
        }
    }
    all.truncate(GROUPS);
    all
}

/// Fields by group, names in lower case, folded lines in one (RFC 3464 §2.1.1, RFC 5322 §2.2).
pub(super) fn fields(part: &[u8]) -> Vec<Vec<(String, String)>> {
    let text = String::from_utf8_lossy(&part[..part.len().min(BYTES)]).into_owned();
    let mut groups: Vec<Vec<(String, String)>> = vec![Vec::new()];
    for line in text.lines() {
        if line.trim().is_empty() {
            groups.push(Vec::new());
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = groups.last_mut().and_then(|group| group.last_mut()) {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            let field = (name.trim().to_ascii_lowercase(), value.trim().to_owned());
            groups.last_mut().into_iter().for_each(|group| group.push(field.clone()));
        }
    }
    groups.retain(|group| !group.is_empty());
    groups
}

impl Group {
    fn of(fields: Vec<(String, String)>) -> Group {
        let mut group = Group::default();
        for (name, value) in fields {
            match name.as_str() {
                "original-recipient" => group.original = address(&value),
                "final-recipient" => group.last = address(&value),
                "x-actual-recipient" if group.last.is_none() => group.last = address(&value),
                "action" => group.action = value.to_ascii_lowercase(),
                "status" => group.status = value.split_whitespace().next().and_then(enhanced),
                // `type; text` (RFC 3464 §2.3.6); some leave out the type.
                "diagnostic-code" => {
                    let text = value
                        .split_once(';')
                        .filter(|(kind, _)| !kind.trim().contains(' '))
                        .map_or(&*value, |(_, text)| text);
                    group.diagnostic = clean(text, LINE);
                }
                _ => {}
            }
        }
        group
    }

    /// Whether the copy did not arrive: not `delivered`, `relayed`, `expanded` (RFC 3464 §2.3.3).
    pub(super) fn failed(&self) -> bool {
        match self.action.split_whitespace().next() {
            Some(word) if word.starts_with("fail") || word.starts_with("delay") => true,
            Some("delivered" | "relayed" | "expanded" | "deliverable") => false,
            _ => self.status.is_none_or(|(class, ..)| class != 2),
        }
    }

    /// What it says; `prose` speaks where it has no words of its own.
    pub(super) fn failure(&self, prose: &str) -> Failure {
        let (code, said) = codes(&self.diagnostic);
        // What the last server said itself is nearer to the matter than what ours made of it, unless it says nothing.
        let telling = |one: &(u8, u16, u16)| !matches!((one.1, one.2), (0..=2, 0));
        let silent =
            !self.diagnostic.contains(|c: char| c.is_alphabetic()) && !self.status.as_ref().is_some_and(telling);
        let prose = if silent { self.own(prose) } else { String::new() };
        let words = format!("{} {prose}", self.diagnostic);
        let (prose_code, prose_said) = codes(&prose);
        let code = code.or(prose_code);
        let enhanced = said.filter(telling).or(self.status.filter(telling)).or(prose_said).or(said).or(self.status);
        let class = self.status.map(|(class, ..)| class).or(said.map(|(class, ..)| class));
        let lasting = !self.action.starts_with("delay")
            && class.map_or(code.is_none_or(|code| code >= 500), |class| class == 5)
            && code.is_none_or(|code| code >= 500);
        let mut line = self.diagnostic.clone();
        if line.is_empty() {
            line = clean(&prose, LINE);
        }
        let recipients = [&self.original, &self.last].into_iter().flatten().cloned().collect();
        Failure { recipients, verdict: judge(enhanced, code, &words, lasting), code, enhanced, line }
    }
}

impl Group {
    /// What prose says of this recipient: from the line with the address on; else all of it.
    fn own(&self, prose: &str) -> String {
        let named = |line: &&str| {
            [&self.last, &self.original].into_iter().flatten().any(|address| line.contains(address.as_str()))
        };
        let lines: Vec<&str> = prose.lines().skip_while(|line| !named(line)).collect();
        // It may come once more in the words of the server; the next recipient's lines are not ours.
        let own: Vec<&str> = lines
            .iter()
            .enumerate()
            .take(6)
            .take_while(|(i, line)| *i == 0 || !line.contains('@'))
            .map(|(_, line)| *line)
            .collect();
        if own.is_empty() { prose.to_owned() } else { own.join(" ") }
    }
}

/// The address of `rfc822; ana@newsroom.example`.
fn address(value: &str) -> Option<String> {
    let text = value.rsplit(';').next().unwrap_or(value);
    let text = text.trim().trim_matches(['<', '>', ' ']);
    (text.contains('@') && text.len() <= 320).then(|| clean(text, 320))
}

/// An enhanced code (RFC 3463 §2) that is the whole word.
pub(super) fn enhanced(word: &str) -> Option<(u8, u16, u16)> {
    let word = word.trim_matches(|c: char| !c.is_ascii_digit());
    let mut parts = word.split('.');
    let class: u8 = parts.next()?.parse().ok()?;
    let number = |text: &str| (text.len() <= 3).then(|| text.parse::<u16>().ok()).flatten();
    let (subject, detail) = (number(parts.next()?)?, number(parts.next()?)?);
    (parts.next().is_none() && matches!(class, 2 | 4 | 5)).then_some((class, subject, detail))
}

/// The first code and the first telling enhanced code of a text.
pub(super) fn codes(text: &str) -> (Option<u16>, Option<(u8, u16, u16)>) {
    let (mut code, mut said): (Option<u16>, Option<(u8, u16, u16)>) = (None, None);
    for word in text.split(|c: char| {
        c.is_whitespace() || matches!(c, '-' | '#' | '(' | ')' | '[' | ']' | '<' | '>' | '\'' | '"' | ';' | ',')
    }) {
        let bare = word.trim_end_matches([':', '.']);
        if bare.len() == 3 && bare.bytes().all(|b| b.is_ascii_digit()) && matches!(bare.as_bytes()[0], b'4' | b'5') {
            code = code.or(bare.parse().ok().filter(|code: &u16| code % 100 < 80));
        } else if let Some(found) = enhanced(bare)
            && found.0 != 2
            && said.is_none_or(|(_, subject, detail)| (subject, detail) == (0, 0))
        {
            said = Some(found);
        }
    }
    (code, said)
}

//! Tables for people: aligned columns, whatever the script.

use std::fmt;
use std::io::IsTerminal;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Two spaces keep columns apart.
const GAP: usize = 2;
/// A column is made no narrower than this.
const NARROW: usize = 16;
/// Columns that do not fit stand so far to the right, below.
const BELOW: usize = 4;

/// Rows under headings. Print it with [`Table::print`].
#[derive(Clone, Debug, Default)]
pub struct Table {
    head: Vec<String>,
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings. One that begins with `>` stands, with its column, at the right (numbers).
    pub fn new<const N: usize>(head: [&str; N]) -> Self {
        Table {
            right: head.iter().map(|h| h.starts_with('>')).collect(),
            head: head.iter().map(|h| h.trim_start_matches('>').to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row. Line breaks and control characters become spaces.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) -> &mut Self {
        self.rows.push(cells.iter().map(|cell| clean(cell)).collect());
        self
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Prints it on standard output; on a terminal the widest columns give way so that lines fit.
    ///
    /// # Errors
    /// Standard output cannot be written to.
    pub fn print(&self) -> anyhow::Result<()> {
        let width = if std::io::stdout().is_terminal() {
            terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
        } else {
            None
        };
        super::output::raw(self.text(width))
    }

    /// The table as text, each line ended, none wider than `limit` where that can be had: the widest columns give way, and
    /// those that do not fit even so stand below, a little to the right.
    pub fn text(&self, limit: Option<usize>) -> String {
        let widths = self.widths(limit);
        let mut text = String::new();
        for row in std::iter::once(&self.head).chain(&self.rows) {
            let (mut line, mut at) = (String::new(), 0);
            for (i, width) in widths.iter().enumerate() {
                if at > BELOW && limit.is_some_and(|limit| at + width > limit) {
                    text.push_str(line.trim_end());
                    text.push('\n');
                    (line, at) = (" ".repeat(BELOW), BELOW);
                }
                at += width + GAP;
                let cell = cut(row.get(i).map_or("", String::as_str), *width);
                let pad = width.saturating_sub(cell.width());
                if self.right.get(i) == Some(&true) {
                    line.extend(std::iter::repeat_n(' ', pad));
                    line.push_str(&cell);
                    line.extend(std::iter::repeat_n(' ', GAP));
                } else {
                    line.push_str(&cell);
                    line.extend(std::iter::repeat_n(' ', pad + GAP));
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    fn widths(&self, limit: Option<usize>) -> Vec<usize> {
        let mut widths: Vec<usize> = self.head.iter().map(|h| h.width()).collect();
        for row in &self.rows {
            for (i, cell) in row.iter().enumerate() {
                match widths.get_mut(i) {
                    Some(width) => *width = (*width).max(cell.width()),
                    None => widths.push(cell.width()),
                }
            }
        }
        let Some(limit) = limit else { return widths };
        loop {
            let all: usize = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
            let widest = widths.iter_mut().max_by_key(|width| **width);
            match widest {
                // Not narrower than the next widest: all that are long give way alike.
                Some(width) if all > limit && *width > NARROW => *width -= 1,
                _ => return widths,
            }
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(None))
    }
}

fn clean(cell: &str) -> String {
    cell.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `text` in at most `width` columns, with `…` where something was left out.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        used += wide;
        short.push(c);
    }
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_in_every_script() {
        let mut table = Table::new(["NAME", ">COUNT", "NOTE"]);
        table.row(["Вежбе".into(), "7".into(), "a\nb".into()]);
        table.row(["演習".into(), "1204".into(), String::new()]);
        assert_eq!(table.to_string(), "NAME   COUNT  NOTE\nВежбе      7  a b\n演習    1204\n");
    }

    #[test]
    fn on_a_terminal_the_widest_column_gives_way() {
        let mut table = Table::new(["ID", "TITLE"]);
        table.row(["1".into(), "A headline that is longer than the terminal is wide".into()]);
        for line in table.text(Some(30)).lines() {
            assert!(line.width() <= 30, "{line}");
        }
    }

    #[test]
    fn what_does_not_fit_stands_below() {
        let mut table = Table::new([">ID", "NEWSLETTER", "STATE", "COMPOSED", ">PEOPLE", ">HANDED OVER", "SUBJECT"]);
        let subject = "Daily digest: a headline that goes on and on";
        table.row(["12", "daily", "sending", "2026-03-04 07:00 CET", "1204", "17", subject].map(str::to_owned));
        let text = table.text(Some(60));
        assert!(text.lines().all(|line| line.width() <= 60), "{text}");
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(text.contains("1204") && text.contains("Daily digest"), "{text}");
    }
}

//! Tables for people: aligned columns, whatever the script.

use std::fmt;
use std::io::IsTerminal;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Two spaces keep columns apart.
const GAP: &str = "  ";
/// A column is made no narrower than this.
const NARROW: usize = 24;
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

    /// Prints it on standard output; on a terminal the widest column gives way so that lines fit.
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

    /// The table as text, each line ended, none wider than `limit` where that can be had: the widest column gives way, and
    /// where that is not enough, the columns that do not fit stand below, a little to the right.
    pub fn text(&self, limit: Option<usize>) -> String {
        let lines = self.lines(limit);
        let mut text = String::new();
        for row in std::iter::once(&self.head).chain(&self.rows) {
            for (n, columns) in lines.iter().enumerate() {
                let mut line = if n == 0 { String::new() } else { " ".repeat(BELOW) };
                for (i, width) in columns {
                    let cell = cut(row.get(*i).map_or("", String::as_str), *width);
                    let pad = " ".repeat(width.saturating_sub(cell.width()));
                    let (before, after) = if self.right.get(*i) == Some(&true) { (&*pad, "") } else { ("", &*pad) };
                    line.extend([before, &cell, after, GAP]);
                }
                // A row may have nothing in the columns of this line.
                if lines.len() == 1 || !line.trim().is_empty() {
                    text.push_str(line.trim_end());
                    text.push('\n');
                }
            }
        }
        text
    }

    /// Which columns stand in each line of a row, and how wide each is.
    fn lines(&self, limit: Option<usize>) -> Vec<Vec<(usize, usize)>> {
        let mut widths: Vec<usize> = self.head.iter().map(|h| h.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        let all = widths.iter().sum::<usize>() + GAP.len() * widths.len().saturating_sub(1);
        let Some(limit) = limit.filter(|limit| all > *limit) else {
            return vec![widths.into_iter().enumerate().collect()];
        };
        if let Some(widest) = widths.iter_mut().max().filter(|widest| all + NARROW <= limit + **widest) {
            *widest -= all - limit;
            return vec![widths.into_iter().enumerate().collect()];
        }
        let mut lines = vec![Vec::new()];
        let mut left = limit;
        for (i, width) in widths.into_iter().enumerate() {
            // What is longer than any line takes the rest of this one, where that is some.
            let below = limit.saturating_sub(BELOW);
            let width = if width > below && left >= NARROW { left } else { width.min(below) };
            if width > left && left < limit {
                lines.push(Vec::new());
                left = below;
            }
            left = left.saturating_sub(width + GAP.len());
            if let Some(line) = lines.last_mut() {
                line.push((i, width));
            }
        }
        lines
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
        let subject = "Daily digest: a headline that goes on and on and is longer than any line is";
        table.row(["12", "daily", "sending", "2026-03-04 07:00 CET", "1204", "17", subject].map(str::to_owned));
        let text = table.text(Some(60));
        assert!(text.lines().all(|line| line.width() <= 60), "{text}");
        assert_eq!(text.lines().count(), 4, "{text}");
        assert!(text.contains("07:00 CET") && text.contains("    HANDED OVER  SUBJECT"), "{text}");
        assert!(text.contains("17  Daily digest: a headline"), "{text}");
    }
}

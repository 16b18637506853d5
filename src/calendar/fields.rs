//! The five fields of a cron line in POSIX meaning, and the same as the `cron` crate wants it: with seconds, and days of
//! the week by name, because it counts them from Sunday = 1.

use super::CalendarError;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The longest that each month can be, from January on.
const LONGEST: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// What one field may hold.
struct Kind {
    name: &'static str,
    min: u32,
    max: u32,
    names: &'static [&'static str],
    /// The number of the first name.
    first: u32,
}

const KINDS: [Kind; 5] = [
    Kind { name: "minute", min: 0, max: 59, names: &[], first: 0 },
    Kind { name: "hour", min: 0, max: 23, names: &[], first: 0 },
    Kind { name: "day of the month", min: 1, max: 31, names: &[], first: 0 },
    Kind { name: "month", min: 1, max: 12, names: &MONTHS, first: 1 },
    Kind { name: "day of the week", min: 0, max: 7, names: &DAYS, first: 0 },
];

/// What a field allows: bit n stands for the number n.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Set {
    bits: u64,
    /// It begins with `*`: it does not take part in "either day field will do".
    star: bool,
}

/// The five fields, read.
#[derive(Debug)]
pub(super) struct Fields {
    minutes: Set,
    hours: Set,
    days: Set,
    months: Set,
    weekdays: Set,
}

impl Fields {
    /// Reads a line.
    pub(super) fn parse(line: &str) -> Result<Fields, CalendarError> {
        let parts: Vec<&str> = line.split_whitespace().collect();
        let &[minutes, hours, days, months, weekdays] = parts.as_slice() else {
            let hint = match (parts.len(), parts.first()) {
                (_, Some(word)) if word.starts_with('@') => "; words like @daily are not known: write “0 0 * * *”",
                (6 | 7, _) => "; seconds and years are not among them",
                _ => "; or write “immediate” or “manual”",
            };
            return Err(CalendarError::Count { line: line.trim().to_owned(), count: parts.len(), hint });
        };
        let read = |i: usize, text: &str| {
            field(&KINDS[i], text).map_err(|reason| CalendarError::Field {
                line: parts.join(" "),
                field: KINDS[i].name,
                value: text.to_owned(),
                reason,
            })
        };
        let mut fields = Fields {
            minutes: read(0, minutes)?,
            hours: read(1, hours)?,
            days: read(2, days)?,
            months: read(3, months)?,
            weekdays: read(4, weekdays)?,
        };
        if fields.weekdays.bits & (1 << 7) != 0 {
            fields.weekdays.bits = (fields.weekdays.bits | 1) & 0x7f;
        }
        fields.comes().map_err(|reason| CalendarError::Never { line: parts.join(" "), reason })?;
        Ok(fields)
    }

    /// Whether either day field will do.
    fn either(&self) -> bool {
        !self.days.star && !self.weekdays.star
    }

    /// Whether any month ever has one of the days.
    fn comes(&self) -> Result<(), String> {
        let months = || numbers(self.months, 1, 12);
        let first = numbers(self.days, 1, 31).next().unwrap_or(1);
        let longest = months().map(|m| LONGEST[m as usize - 1]).max().unwrap_or(31);
        if self.either() || first <= longest {
            return Ok(());
        }
        let names: Vec<&str> = months().map(|m| MONTHS[m as usize - 1]).collect();
        Err(format!("{} has no day {first}; its last is {longest}", names.join(", ")))
    }

    /// The same for the `cron` crate; two lines where either day field will do.
    pub(super) fn for_the_crate(&self) -> Vec<String> {
        let list = |set: Set, min, max| match set.bits == all(min, max) {
            true => "*".to_owned(),
            false => numbers(set, min, max).map(|n| n.to_string()).collect::<Vec<_>>().join(","),
        };
        let (minutes, hours) = (list(self.minutes, 0, 59), list(self.hours, 0, 23));
        let (days, months) = (list(self.days, 1, 31), list(self.months, 1, 12));
        let weekdays = match self.weekdays.bits & 0x7f == 0x7f {
            true => "*".to_owned(),
            false => numbers(self.weekdays, 0, 6).map(|n| DAYS[n as usize]).collect::<Vec<_>>().join(","),
        };
        let line = |days: &str, weekdays: &str| format!("0 {minutes} {hours} {days} {months} {weekdays} *");
        if self.either() { vec![line(&days, "*"), line("*", &weekdays)] } else { vec![line(&days, &weekdays)] }
    }
}

fn all(min: u32, max: u32) -> u64 {
    (min..=max).fold(0, |bits, n| bits | 1 << n)
}

fn numbers(set: Set, min: u32, max: u32) -> impl Iterator<Item = u32> {
    (min..=max).filter(move |n| set.bits & (1 << n) != 0)
}

/// One field: a list of `*`, `N`, `N-M`, each but the second with `/STEP`.
fn field(kind: &Kind, text: &str) -> Result<Set, String> {
    let mut bits = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            None => (part, 1),
            Some((range, step)) => {
                let step: u32 = step
                    .parse()
                    .ok()
                    .filter(|n| (1..=kind.max).contains(n))
                    .ok_or_else(|| format!("the step “{step}” is no number from 1 to {}", kind.max))?;
                (range, step)
            }
        };
        let (from, to) = if range == "*" {
            // Seven is another name for Sunday; counted in a step it would bring a second one.
            (kind.min, if kind.max == 7 { 6 } else { kind.max })
        } else if let Some((from, to)) = range.split_once('-') {
            let from = number(kind, from)?;
            // Sunday at the end of a range is the seventh day, at its beginning none before the first.
            let to = match number(kind, to)? {
                0 if kind.max == 7 && from > 0 => 7,
                to => to,
            };
            if from > to {
                return Err(format!(
                    "the range “{range}” runs backwards; write the two parts apart: {}",
                    apart(kind, from, to)
                ));
            }
            (from, to)
        } else {
            let n = number(kind, range)?;
            if part.contains('/') {
                return Err(format!("a step follows `*` or a range; write {n}-{}/{step}", kind.max));
            }
            (n, n)
        };
        let mut n = from;
        while n <= to {
            bits |= 1 << n;
            n += step;
        }
    }
    Ok(Set { bits, star: text.starts_with('*') })
}

/// A range that runs over the end, as two.
fn apart(kind: &Kind, from: u32, to: u32) -> String {
    let last = if kind.max == 7 { 6 } else { kind.max };
    format!("{from}-{last},{}-{to}", kind.min)
}

/// A number, or a name of three letters.
fn number(kind: &Kind, text: &str) -> Result<u32, String> {
    let text = text.to_lowercase();
    if let Some(i) = kind.names.iter().position(|name| *name == text) {
        return Ok(i as u32 + kind.first);
    }
    let names = match (kind.names.first(), kind.names.last()) {
        (Some(_), Some(_)) if kind.max == 7 => " or a name from mon to sun",
        (Some(_), Some(_)) => " or a name from jan to dec",
        _ => "",
    };
    let fault = || format!("“{text}” is no number from {} to {}{names}", kind.min, kind.max);
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let n: u32 = if digits { text.parse().map_err(|_| fault())? } else { return Err(fault()) };
    if (kind.min..=kind.max).contains(&n) { Ok(n) } else { Err(fault()) }
}

//! What was found in an edition before it goes out, as staff see it, and what they decide.

use super::signed::machine_user;
use super::{Advice, Context, output};
use crate::clock::Instant;
use crate::edition::check;
use crate::store::editions::findings::{Decided, Finding, Level, lines};

/// Says it on standard error: what would make the mail wrong first.
pub(super) fn say(findings: &[Finding]) {
    let (holding, rest): (Vec<&Finding>, Vec<&Finding>) = findings.iter().partition(|finding| finding.holds());
    for (title, found) in [("To mend before it goes:", holding), ("Worth a look:", rest)] {
        if !found.is_empty() {
            output::note(format!("  {title}"));
        }
        for (finding, line) in lines(found) {
            output::note(format!("    {line}{}", finding.decided.as_ref().map_or("", |_| " (let go)")));
        }
    }
}

/// Each finding on a line, with who let it go and when.
pub(super) fn told(cx: &Context, findings: &[Finding]) -> Vec<String> {
    let let_go = |finding: &Finding| match &finding.decided {
        Some(decided) => format!(" (let go by {}, {})", decided.by, cx.when(decided.at)),
        None => String::new(),
    };
    lines(findings).into_iter().map(|(finding, line)| format!("{line}{}", let_go(finding))).collect()
}

/// Whoever decides here: the account that the command runs under.
pub(super) fn decision(at: Instant) -> Decided {
    Decided { by: machine_user(), at }
}

/// Refuses an edition by hand that would be wrong.
///
/// # Errors
/// What is wrong with it, and what to do.
pub(super) fn demand_none_holds(findings: &[Finding]) -> anyhow::Result<()> {
    let Some(reason) = check::reason(findings) else { return Ok(()) };
    let only_pictures = findings.iter().filter(|finding| finding.holds()).all(check::is_undescribed);
    Err(anyhow::anyhow!("it does not go out as it is: {reason}")).advise(match only_pictures {
        true => "Nothing was sent. Mend the article and send again, or say with --decorative that such pictures are decorative.",
        false => "Nothing was sent. Mend the articles or the template and send again; `herald check` looks at all of them.",
    })
}

/// The findings with staff's decision that the edition goes as it is. Pictures need the word `decorative`.
///
/// # Errors
/// A picture of which nobody said what it shows.
pub(super) fn decided(
    mut findings: Vec<Finding>,
    decorative: bool,
    edition: (i64, &str),
    at: Instant,
) -> anyhow::Result<Vec<Finding>> {
    let pictures: Vec<Finding> = findings.iter().filter(|finding| check::is_undescribed(finding)).cloned().collect();
    if let (false, Some(reason)) = (decorative, check::reason(&pictures)) {
        let (id, newsletter) = edition;
        return Err(anyhow::anyhow!("edition {id} does not go out as it is: {reason}")).advise(format!(
            "`herald editions resume {id} --decorative` says that such pictures are decorative. Or mend the article, take this \
             edition back with `herald editions cancel {id}`, and send it anew: herald send {newsletter}"
        ));
    }
    // Whoever says what a picture is has not said that the rest may go as it is.
    let rest: Vec<Finding> = findings.iter().filter(|f| f.holds() && !check::is_undescribed(f)).cloned().collect();
    if let (true, false, Some(reason)) = (decorative, pictures.is_empty(), check::reason(&rest)) {
        let (id, newsletter) = edition;
        return Err(anyhow::anyhow!("edition {id} is wrong beside its pictures: {reason}")).advise(format!(
            "Nothing goes out. Mend that, take this edition back with `herald editions cancel {id}`, and send it anew: herald send \
             {newsletter}"
        ));
    }
    for finding in findings.iter_mut().filter(|finding| finding.level == Level::Holds) {
        finding.decided.get_or_insert_with(|| decision(at));
    }
    Ok(findings)
}

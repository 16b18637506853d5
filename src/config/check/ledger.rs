//! How long the ledger is kept, against what is news.

use super::{Check, Node, Path, Span};

impl Check<'_> {
    /// What is news to a newsletter must still be in the ledger, or it would go out again; and bounces come late.
    pub(super) fn long_enough(&mut self) {
        let Some(node) = self.root.get("keep").and_then(|keep| keep.value.get("deliveries")) else { return };
        let length = |node: &Node| node.value.text().and_then(|text| text.parse::<Span>().ok());
        let Some(kept) = length(node) else { return };
        let path = Path::default().key("keep").key("deliveries");
        if kept < Span::days(3) {
            return self.fault(
                &node.place,
                &path,
                "is too short: an edition is sealed after two days; write at least 3d",
            );
        }
        let newsletters = self.root.get("newsletters").map(|node| node.value.list()).unwrap_or_default();
        for (i, newsletter) in newsletters.iter().enumerate() {
            let immediate = newsletter.value.get("schedule").is_some_and(|s| s.value.text() == Some("immediate"));
            let usual = if immediate { Span::hours(24) } else { Span::days(14) };
            let age = newsletter.value.get("max_age").map_or(Some(usual), length).unwrap_or(usual);
            if kept < age {
                let name = Path::default().key("newsletters").element(i, newsletter).shown;
                let reason = format!(
                    "{kept} is shorter than the {age} for which a story is news to {name} (max_age): it would be sent again"
                );
                self.fault(&node.place, &path, reason);
            }
        }
    }
}

//! A mail: subject, HTML and text rendered once for all readers of a language, then cut.

use std::sync::{Arc, Mutex, PoisonError};

use tera::Context;

use super::issue::Issue;
use super::palette::Palette;
use super::surroundings::Surroundings;
use super::watch::Run;
use super::{TemplateError, TemplateFault, Templates, limit, textual};
use crate::mail::{MailError, Marks, Rendering};

impl Templates {
    /// Renders `issue` by the template `template` (`digest`): subject, text and HTML, cut where copies differ.
    ///
    /// # Errors
    /// A template that is missing or wrong, with file and line.
    pub fn mail(&self, template: &str, issue: &Issue) -> Result<Rendering, TemplateError> {
        let (own, name, issue) = (self.clone(), template.to_owned(), issue.clone());
        self.watched(&format!("mail/{template}.html"), move |run| own.mail_here(&name, &issue, run))
    }

    fn mail_here(&self, template: &str, issue: &Issue, run: &Arc<Run>) -> Result<Rendering, TemplateError> {
        let [html_name, text_name, subject_name] = ["html", "txt", "subject"].map(|e| format!("mail/{template}.{e}"));
        let context = self.context(issue).map_err(|e| self.fault_in(&html_name, e.to_string()))?;
        let no_random = |e: MailError| self.fault_in(&html_name, e.to_string());
        let marks = Arc::new(Mutex::new(Marks::new(&format!("{context:?}")).map_err(no_random)?));
        let mut around = self.surroundings(&issue.language, issue.timezone, run);
        around.marks = Some(Arc::clone(&marks));

        let subjects = self.subjects(&subject_name, issue, &context, &around)?;
        let html = self.render(&html_name, &context, around.clone(), limit::MAIL)?;
        let html = inlined(&html).map_err(|reason| self.fault_in(&html_name, reason))?;
        let text = match self.is_there(&text_name) {
            true => Some(self.render(&text_name, &context, around, limit::MAIL)?),
            false => None,
        };
        let marks = marks.lock().unwrap_or_else(PoisonError::into_inner);
        let text = match text {
            Some(text) => textual::squeezed(&text, 2),
            None => textual::of_html(&html, marks.word()).map_err(|reason| self.fault_in(&html_name, reason))?,
        };
        // What is told stands at one position, so that it can be left out of the copy in a browser.
        let told = issue.telling.iter().filter(|_| issue.stories.is_empty()).map(|_| 0);
        let positions = issue.stories.iter().map(|story| story.position).chain(told).collect();
        let why = self.catalog.say(&issue.language, "mail-why", &[("title", issue.newsletter.title.clone().into())]);
        Rendering::cut(&marks, issue.language.clone(), positions, &subjects, &text, &html, why).map_err(|(part, e)| {
            // A text that was made of the HTML has the HTML's faults.
            let name = format!("mail/{template}.{part}");
            self.fault_in(if self.has(&name) { &name } else { &html_name }, e.to_string())
        })
    }

    /// The subject for each story as the first of a copy.
    fn subjects(
        &self,
        name: &str,
        issue: &Issue,
        context: &Context,
        around: &Surroundings,
    ) -> Result<Vec<String>, TemplateError> {
        let mut subjects = Vec::with_capacity(issue.stories.len().max(1));
        for first in 0..issue.stories.len().max(1) {
            let mut context = context.clone();
            context.insert("lead", &issue.stories.get(first));
            let subject = self.render(name, &context, around.clone(), limit::MAIL)?;
            subjects.push(match issue.test {
                Some(_) => self.catalog.say(&issue.language, "mail-test-subject", &[("subject", subject.into())]),
                None => subject,
            });
        }
        Ok(subjects)
    }

    /// What a mail template is given.
    fn context(&self, issue: &Issue) -> tera::TeraResult<Context> {
        let mut context = Context::from_serialize(issue)?;
        context.insert("lead", &issue.stories.first());
        context.insert("palette", &Palette::of(&issue.accent));
        context.insert("dir", textual::direction(&issue.language));
        Ok(context)
    }

    fn fault_in(&self, name: &str, reason: String) -> TemplateError {
        TemplateFault::whole(self.files.shown(name), reason).into()
    }
}

/// What keeps a `<style>` in its place.
const KEEP: &str = " data-css-inline=\"keep\"";

/// Styles moved from `<style>` to the elements. What can't be (`@media`, `:hover`) stays, and so does a block marked
/// [`KEEP`]; where a template marks one, of the others nothing stays. Nothing is fetched.
fn inlined(html: &str) -> Result<String, String> {
    let marked = html.contains(KEEP);
    css_inline::CSSInliner::options()
        .keep_at_rules(!marked)
        .remove_inlined_selectors(!marked)
        .minify_css(true)
        .load_remote_stylesheets(false)
        .build()
        .inline(html)
        .map(|html| html.replace(KEEP, ""))
        .map_err(|e| format!("its styles can't be inlined: {e}"))
}

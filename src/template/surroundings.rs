//! What holds for one rendering: language, zone, marks.
//!
//! Tera gives a function the state of the template that it is called in, and a component's state is empty. So
//! that `t()` speaks the page's language in a component too, these stand beside Tera, for the time of the
//! rendering and for its thread alone.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use chrono_tz::Tz;

use super::watch::Run;
use super::{Catalog, House};
use crate::article::Language;
use crate::mail::Marks;

/// What holds for one rendering.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub(super) catalog: Arc<Catalog>,
    pub(super) house: Arc<House>,
    pub(super) language: Language,
    pub(super) zone: Tz,
    /// In a mail: the marks made so far.
    pub(super) marks: Option<Arc<Mutex<Marks>>>,
    /// The rendering: whether somebody still waits for it.
    pub(super) run: Arc<Run>,
}

thread_local! {
    static NOW: RefCell<Vec<Surroundings>> = const { RefCell::new(Vec::new()) };
}

/// Takes the surroundings away again, also where the rendering panics.
struct Leave;

impl Drop for Leave {
    fn drop(&mut self) {
        NOW.with_borrow_mut(Vec::pop);
    }
}

/// Runs `rendering` in these surroundings.
pub(super) fn within<T>(around: Surroundings, rendering: impl FnOnce() -> T) -> T {
    NOW.with_borrow_mut(|stack| stack.push(around));
    let _leave = Leave;
    rendering()
}

/// The surroundings of the rendering that goes on. An error where nobody waits for it any more, so that a loop that calls
/// anything of ours comes to an end.
pub(super) fn current() -> tera::TeraResult<Surroundings> {
    let around = NOW.with_borrow(|stack| stack.last().cloned());
    match around {
        Some(around) if around.run.go_on() => Ok(around),
        Some(_) => Err(tera::Error::message("it took too long, and nobody waits for it any more")),
        None => Err(tera::Error::message("this function is for templates that are being rendered")),
    }
}

//! How long a rendering may take. A template is a program, and may be one that never ends: each rendering has a
//! thread of its own, and nobody waits for it longer than [`LONGEST`].
//!
//! A thread cannot be ended from outside. What a template calls asks [`Run::go_on`], and ends a rendering that nobody
//! waits for; a loop that calls and prints nothing goes on. So a template that ran over is not begun again while its
//! thread lives, nor for [`REST`]: it costs one thread, not one at every pass.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a rendering may take. Ours take hundredths of a second.
pub(super) const LONGEST: Duration = Duration::from_secs(5);
/// How long a template that ran over is left alone.
const REST: Duration = Duration::from_secs(600);
/// The stack of a rendering's thread: components may call each other twenty deep.
const STACK: usize = 8 << 20;

/// One rendering, as its thread and who waits for it see it.
#[derive(Debug, Default)]
pub(super) struct Run {
    over: AtomicBool,
    ended: AtomicBool,
    file: Mutex<String>,
}

impl Run {
    /// Notes which file is being rendered: the one to name if it does not end.
    pub(super) fn enter(&self, file: &str) {
        file.clone_into(&mut locked(&self.file));
    }

    /// Whether somebody still waits for it.
    pub(super) fn go_on(&self) -> bool {
        !self.over.load(Ordering::Relaxed)
    }
}

/// Notes the end of a rendering, also where it panics.
struct End(Arc<Run>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Relaxed);
    }
}

/// Why there is no rendering.
#[derive(Debug)]
pub(super) enum Unfinished {
    /// It ran over, now or a while ago: in this file.
    Over(String),
    /// The machine gave it no thread.
    NoThread(std::io::Error),
}

/// Keeps the time of every rendering.
#[derive(Debug)]
pub(super) struct Watch {
    longest: Duration,
    overran: Mutex<HashMap<String, (Instant, Arc<Run>)>>,
}

impl Watch {
    pub(super) fn new(longest: Duration) -> Self {
        Watch { longest, overran: Mutex::default() }
    }

    /// Does `work`, the rendering of `name`, on a thread of its own.
    pub(super) fn run<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&Arc<Run>) -> T + Send + 'static,
    ) -> Result<T, Unfinished> {
        if let Some((since, run)) = locked(&self.overran).get(name)
            && (since.elapsed() < REST || !run.ended.load(Ordering::Relaxed))
        {
            return Err(Unfinished::Over(locked(&run.file).clone()));
        }
        let run = Arc::new(Run::default());
        let (tell, told) = sync_channel(1);
        let own = End(Arc::clone(&run));
        let rendering = move || {
            let done = work(&own.0);
            drop(own);
            // Nobody listens to one that ran over.
            let _ = tell.send(done);
        };
        let thread = std::thread::Builder::new().name("template".to_owned()).stack_size(STACK).spawn(rendering);
        let thread = thread.map_err(Unfinished::NoThread)?;
        match told.recv_timeout(self.longest) {
            Ok(done) => Ok(done),
            Err(RecvTimeoutError::Timeout) => {
                run.over.store(true, Ordering::Relaxed);
                let file = locked(&run.file).clone();
                locked(&self.overran).insert(name.to_owned(), (Instant::now(), run));
                Err(Unfinished::Over(file))
            }
            Err(RecvTimeoutError::Disconnected) => match thread.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => Err(Unfinished::Over(locked(&run.file).clone())),
            },
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn one_that_runs_over_is_left_and_not_begun_again() {
        let watch = Watch::new(Duration::from_millis(50));
        let begun = Arc::new(AtomicUsize::new(0));
        for _ in 0..3 {
            let begun = Arc::clone(&begun);
            let done = watch.run("mail/x.html", move |run| {
                begun.fetch_add(1, Ordering::Relaxed);
                run.enter("mail/x.txt");
                while run.go_on() {
                    std::thread::yield_now();
                }
            });
            assert!(matches!(done, Err(Unfinished::Over(file)) if file == "mail/x.txt"));
        }
        assert_eq!(begun.load(Ordering::Relaxed), 1);
        assert_eq!(watch.run("mail/y.html", |_| 7).unwrap(), 7, "the others go on");
    }

    #[test]
    fn a_panic_is_whose_it_was() {
        let watch = Watch::new(LONGEST);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| watch.run("x", |_| panic!("no"))));
        assert!(caught.is_err());
    }
}

//! The bar of a long delivery, on a terminal; the log's lines go above it.

use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::sync::LazyLock;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::delivery::{Progress, Speed};

/// The bar is drawn anew so often.
const LOOK: Duration = Duration::from_millis(250);

/// The terminal has one place for bars, and the log must know of it: a process has one standard error.
static SCREEN: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Does `work`, and shows how far it is: on a terminal a bar, once there is something to hand over.
pub async fn watch<T>(quiet: bool, progress: &Progress, work: impl Future<Output = T>) -> T {
    if quiet || !io::stderr().is_terminal() {
        return work.await;
    }
    progress.watch();
    let bar = SCREEN.add(ProgressBar::no_length());
    if let Ok(style) = ProgressStyle::with_template("{bar:20} {percent}%  {wide_msg}") {
        bar.set_style(style);
    }
    let mut speed = Speed::default();
    tokio::pin!(work);
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            () = tokio::time::sleep(LOOK) => show(&bar, progress, &mut speed),
        }
    };
    bar.finish_and_clear();
    SCREEN.remove(&bar);
    done
}

fn show(bar: &ProgressBar, progress: &Progress, speed: &mut Speed) {
    let summary = progress.summary();
    let over = summary.sent + summary.failed + summary.suppressed;
    let all = over + progress.waiting().unsigned_abs();
    if all == 0 {
        return;
    }
    speed.note(progress.sent());
    bar.set_length(all);
    bar.set_position(over);
    bar.set_message(progress.brief(speed));
}

/// Standard error for the log: what is written there does not run into a bar.
#[derive(Clone, Copy, Debug)]
pub struct AboveBar;

impl Write for AboveBar {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        SCREEN.suspend(|| io::stderr().write_all(bytes)).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

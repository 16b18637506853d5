//! The log on standard error: lines that a person can read, in the newsroom's time.

use std::fmt::{self, Write as _};
use std::io::IsTerminal;

use chrono_tz::Tz;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::Frame;
use crate::clock::Clock;

/// Starts the log. `HERALD_LOG` (filters of tracing, `herald=debug`) says more exactly what `-v` and `-q` say roughly.
pub fn start(frame: &Frame, zone: Tz, clock: Clock) {
    let usual = match (frame.quiet, frame.verbose) {
        (true, _) => "error",
        (false, 0) => "warn,herald=info",
        (false, 1) => "warn,herald=debug",
        (false, _) => "info,herald=trace",
    };
    let filter = EnvFilter::try_from_env("HERALD_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    // A second start in one process (a test) keeps the first log.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| super::bar::AboveBar)
        .with_ansi(colour)
        .event_format(Lines { zone, clock })
        .try_init();
}

/// `2026-03-04 07:00:01 CET  What happened (name=value)`.
struct Lines {
    zone: Tz,
    clock: Clock,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, cx: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let (dim, bold, plain) = if out.has_ansi_escapes() { ("\x1b[2m", "\x1b[1m", "\x1b[0m") } else { ("", "", "") };
        let time = self.clock.now().with_timezone(&self.zone).format("%Y-%m-%d %H:%M:%S %Z");
        write!(out, "{dim}{time}{plain}  ")?;
        match *event.metadata().level() {
            Level::ERROR => write!(out, "{bold}error:{plain} ")?,
            Level::WARN => write!(out, "{bold}warning:{plain} ")?,
            Level::INFO => {}
            Level::DEBUG | Level::TRACE => write!(out, "{dim}{}:{plain} ", event.metadata().target())?,
        }
        let mut parts = Parts::default();
        event.record(&mut parts);
        out.write_str(&parts.message)?;
        for span in cx.event_scope().into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>().filter(|f| !f.is_empty()) {
                if !parts.fields.is_empty() {
                    parts.fields.push(' ');
                }
                parts.fields.push_str(fields);
            }
        }
        if !parts.fields.is_empty() {
            let joint = if parts.message.is_empty() { "" } else { " " };
            write!(out, "{joint}{dim}({}){plain}", parts.fields)?;
        }
        writeln!(out)
    }
}

/// The message of an event, and its other fields as `name=value`.
#[derive(Default)]
struct Parts {
    message: String,
    fields: String,
}

impl Parts {
    fn add(&mut self, name: &str, value: &dyn fmt::Display) {
        // One event is one line, whatever a stranger's server or file put into it.
        let value: String = value.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if name == "message" {
            self.message = value;
        } else {
            let space = if self.fields.is_empty() { "" } else { " " };
            let _ = write!(self.fields, "{space}{name}={value}");
        }
    }
}

impl Visit for Parts {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field.name(), &value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field.name(), &format_args!("{value:?}"));
    }
}

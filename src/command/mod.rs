//! The command line. It only asks: every command is one file with its arguments and a `run`.
//!
//! 1. [`main`] reads the arguments and starts the runtime.
//! 2. [`dispatch`] loads the configuration where the command needs one, and starts the log.
//! 3. The command prints its result on standard output ([`output`], [`table`]); log and progress go to standard error.
//! 4. What went wrong becomes sentences, the last of which says what to do ([`exit`]), and an exit code.

pub mod articles;
mod bar;
pub mod bounces;
pub mod check;
pub mod completions;
pub mod config;
pub mod confirm;
pub mod context;
pub mod editions;
pub mod exit;
pub mod feeds;
mod findings;
mod hold;
pub mod init;
pub mod keys;
pub mod log;
pub mod man;
pub mod newsletters;
pub mod once;
pub mod output;
pub mod preview;
mod proofs;
pub mod publish;
mod ramp;
pub mod run;
pub mod send;
mod signed;
pub mod staff;
pub mod subscribers;
pub mod table;
mod test_copies;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Parser, Subcommand};

pub use confirm::confirm;
pub use context::{Context, Frame};
pub use exit::{Advice, Exit, Usage};
pub use table::Table;

/// A newsroom's publisher: feeds, e-mail digests and alerts from a folder of articles.
#[derive(Debug, Parser)]
#[command(name = "herald", version, propagate_version = true, disable_help_subcommand = true)]
#[command(after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 done in part.")]
pub struct Cli {
    /// The configuration file; relative paths in it are taken from its folder.
    #[arg(long, global = true, value_name = "FILE", default_value = "config.toml", env = "HERALD_CONFIG")]
    pub config: PathBuf,
    /// Print results, or what went wrong, as one JSON document; run, completions and man have none.
    #[arg(long, global = true)]
    pub json: bool,
    /// Say more; twice for everything.
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// Say only what went wrong.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a newsroom of your own in a folder.
    Init(init::Init),
    /// Run for good: read sources, keep feeds, send newsletters, serve pages.
    Run(run::Run),
    /// Do one pass of all of that, without the pages; for cron and systemd timers.
    Once(once::Once),
    /// Write feeds and the public archive as static files.
    Publish(publish::Publish),
    /// Look at articles.
    Articles(articles::Articles),
    /// Look at the feeds, who polls them and who is told of changes.
    Feeds(feeds::Feeds),
    /// Look at newsletters and when they go next.
    Newsletters(newsletters::Newsletters),
    /// Send an edition by hand.
    Send(send::Send),
    /// Write the mail as it would go now, as .eml and .html.
    Preview(preview::Preview),
    /// Look at what was sent, and hold or stop what is being sent.
    Editions(editions::Editions),
    /// Look at subscribers, bring them in, hand them out.
    Subscribers(subscribers::Subscribers),
    /// Take in what came back: delivery reports and complaints.
    Bounces(bounces::Bounces),
    /// Make keys that sign mail, and print the DNS records.
    Keys(keys::Keys),
    /// Keep the accounts of those who approve editions.
    Staff(staff::Staff),
    /// Check configuration, templates, lists and articles; changes nothing.
    Check(check::Check),
    /// The reference of config.toml.
    Config(config::Config),
    /// Print completions for a shell.
    Completions(completions::Completions),
    /// Print the manual, or write its pages into a folder.
    Man(man::Man),
}

/// Reads the arguments, does what they say, and gives the exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::refuse(&error).into(),
    };
    let json = cli.json;
    let pipe = matches!(&cli.command, Command::Bounces(bounces) if bounces.is_pipe());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return exit::report(&anyhow::Error::new(error).context("the runtime did not start"), json).into();
        }
    };
    let done = runtime.block_on(dispatch(cli));
    match done {
        Ok(exit) => exit.into(),
        Err(error) => {
            let exit = exit::report(&error, json);
            if pipe { Exit::Later.into() } else { exit.into() }
        }
    }
}

/// Runs the command that the arguments name.
///
/// # Errors
/// What the command says.
pub async fn dispatch(cli: Cli) -> anyhow::Result<Exit> {
    let frame = Frame { config: cli.config, json: cli.json, verbose: cli.verbose, quiet: cli.quiet };
    match cli.command {
        // These work where there is no configuration, or a broken one.
        Command::Init(command) => command.run(&frame).await,
        Command::Check(command) => command.run(&frame).await,
        Command::Config(command) => command.run(&frame),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
        other => {
            let mut cx = Context::load(frame)?;
            let cx = &mut cx;
            match other {
                Command::Run(command) => command.run(cx).await,
                Command::Once(command) => command.run(cx).await,
                Command::Publish(command) => command.run(cx).await,
                Command::Articles(command) => command.run(cx).await,
                Command::Feeds(command) => command.run(cx).await,
                Command::Newsletters(command) => command.run(cx).await,
                Command::Send(command) => command.run(cx).await,
                Command::Preview(command) => command.run(cx).await,
                Command::Editions(command) => command.run(cx).await,
                Command::Subscribers(command) => command.run(cx).await,
                Command::Bounces(command) => command.run(cx).await,
                Command::Keys(command) => command.run(cx).await,
                Command::Staff(command) => command.run(cx).await,
                Command::Init(_)
                | Command::Check(_)
                | Command::Config(_)
                | Command::Completions(_)
                | Command::Man(_) => Ok(Exit::Done),
            }
        }
    }
}

//! `herald man [DIR]`: the manual, generated from the arguments.

use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};

use super::{Advice, Cli, Exit, output};

/// Prints the manual, or writes its pages into a folder.
#[derive(Debug, clap::Args)]
pub struct Man {
    /// Write one page a command here (herald.1, herald-send.1, …); without it all go to standard output.
    pub dir: Option<PathBuf>,
}

impl Man {
    /// Prints the manual, or writes its pages into a folder.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn run(self) -> anyhow::Result<Exit> {
        let pages = pages()?;
        match &self.dir {
            None => {
                for (_, page) in pages {
                    output::raw(page)?;
                }
            }
            Some(dir) => {
                write(dir, &pages)
                    .map_err(|error| anyhow::Error::new(error).context(format!("{}: cannot be written", dir.display())))
                    .advise("Name a folder that this user can write to.")?;
                output::line(format!("{} pages in {}", pages.len(), dir.display()))?;
            }
        }
        Ok(Exit::Done)
    }
}

fn write(dir: &Path, pages: &[(String, Vec<u8>)]) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    for (name, page) in pages {
        std::fs::write(dir.join(format!("{name}.1")), page)?;
    }
    Ok(())
}

/// Every page with its name, the program's own first.
fn pages() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut pages = Vec::new();
    let mut root = Cli::command();
    root.build();
    collect(&root, "herald", &mut pages)?;
    Ok(pages)
}

fn collect(command: &Command, name: &str, pages: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone().display_name(name)).title(name.to_uppercase()).render(&mut page)?;
    pages.push((name.to_owned(), page));
    for child in command.get_subcommands() {
        collect(child, &format!("{name}-{}", child.get_name()), pages)?;
    }
    Ok(())
}

//! `herald staff`: who may approve editions, and the tokens by which they are known.

use clap::{Subcommand, ValueEnum};
use serde_json::json;

use super::signed::machine_user;
use super::{Advice, Context, Exit, Table, Usage, confirm, output};
use crate::article::Language;
use crate::audience::{Address, trimmed};
use crate::secret;
use crate::store::acts::{self, Act};
use crate::store::staff::{self, Account, Added, Wanted};
use crate::store::{Store, Tx};

/// Names that say in the log who is no person.
const OURS: [&str; 5] = ["schedule", "now", "staff", "herald", "unknown"];

/// Keeps the accounts of those who work here.
#[derive(Debug, clap::Args)]
pub struct Staff {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What `herald staff` can do.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Make an account.
    Add {
        /// Their name.
        name: String,
        /// Where mail for them goes.
        #[arg(long, value_name = "ADDRESS")]
        email: String,
        /// What they may do.
        #[arg(long, value_enum)]
        role: Role,
        /// The language they are written to in; the newsroom's first where left out.
        #[arg(long, value_name = "LANGUAGE")]
        language: Option<String>,
    },
    /// Make a token, by which an account is known; the one before is void.
    Token {
        /// Their name.
        name: String,
    },
    /// The accounts.
    List,
    /// Close an account; what it did stays in the log.
    Remove {
        /// Their name.
        name: String,
        /// Don't ask.
        #[arg(long)]
        yes: bool,
    },
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Makes editions.
    Editor,
    /// Approves what others made, too.
    Approver,
    /// May send alone, too, with a reason.
    Admin,
}

impl From<Role> for staff::Role {
    fn from(role: Role) -> staff::Role {
        match role {
            Role::Editor => staff::Role::Editor,
            Role::Approver => staff::Role::Approver,
            Role::Admin => staff::Role::Admin,
        }
    }
}

impl Staff {
    /// Keeps the accounts of those who work here.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn run(self, cx: &mut Context) -> anyhow::Result<Exit> {
        let store = cx.store().await?;
        match self.action {
            Action::Add { name, email, role, language } => {
                let wanted = wanted(cx, &name, &email, role, language.as_deref())?;
                add(cx, &store, &wanted).await
            }
            Action::Token { name } => token(cx, &store, &name).await,
            Action::List => list(cx, &store).await,
            Action::Remove { name, yes } => remove(cx, &store, &name, yes).await,
        }
    }
}

fn wanted(cx: &Context, name: &str, email: &str, role: Role, language: Option<&str>) -> anyhow::Result<Wanted> {
    let name = trimmed(name).split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > 64 || name.contains([':', '"']) || name.chars().any(char::is_control) {
        return Err(Usage("a name has one to 64 signs, and no colon or quotation mark".to_owned()).into());
    }
    if OURS.contains(&staff::key(&name).as_str()) {
        return Err(Usage(format!("“{name}” stands in the log for no person; take another name")).into());
    }
    let mailbox: Address = email.parse().map_err(|error: crate::audience::AddressError| Usage(error.to_string()))?;
    let language = match language {
        None => None,
        Some(tag) => Some(tag.parse::<Language>().map_err(|error| Usage(error.to_string()))?),
    };
    if let Some(language) = language.as_ref().filter(|language| !cx.config.site.languages.contains(language)) {
        let known: Vec<&str> = cx.config.site.languages.iter().map(Language::as_str).collect();
        return Err(Usage(format!("“{language}” is no language of the newsroom; it has {}", known.join(", "))).into());
    }
    Ok(Wanted { name, mailbox, role: role.into(), language })
}

async fn add(cx: &Context, store: &Store, wanted: &Wanted) -> anyhow::Result<Exit> {
    let mut tx = store.write().await?;
    let name = &wanted.name;
    let (id, word) = match staff::add(&mut tx, wanted, cx.clock.now()).await? {
        Added::Made(id) => (id, "has an account"),
        Added::Back(id) => (id, "has the account back that was closed"),
        Added::NameTaken => {
            return Err(Usage(format!("“{name}” has an account already")))
                .advise("`herald staff list` shows it; `herald staff remove` closes it.");
        }
        Added::AddressTaken => {
            let other = staff::by_address(&mut tx, &wanted.mailbox).await?.map(|other| other.name).unwrap_or_default();
            return Err(Usage(format!("{} belongs to the account “{other}”: one person, one account", wanted.mailbox)))
                .advise(format!("Add “{other}” again where it was closed, or give another address."));
        }
    };
    note(cx, &mut tx, &format!("made the account of {name} ({})", wanted.role)).await?;
    tx.commit().await?;
    if cx.frame.json {
        output::json(&json!({
            "id": id, "name": name, "email": wanted.mailbox.to_string(), "role": wanted.role, "language": wanted.language,
        }))?;
    } else {
        output::line(format!("{name} {word}, as {}.", wanted.role))?;
        output::line(format!(
            "`herald staff token \"{name}\"` makes the token with which they approve editions. There are no pages to sign in \
             to in this version."
        ))?;
    }
    Ok(Exit::Done)
}

async fn known(tx: &mut Tx, name: &str) -> anyhow::Result<Account> {
    match staff::by_name(tx, name).await?.filter(|account| account.removed_at.is_none()) {
        Some(account) => Ok(account),
        None => {
            Err(Usage(format!("there is no account “{name}”"))).advise("`herald staff list` shows those there are.")
        }
    }
}

async fn token(cx: &Context, store: &Store, name: &str) -> anyhow::Result<Exit> {
    let token = secret::staff_token().map_err(|_| anyhow::anyhow!("this machine gives no random bytes"))?;
    let mut tx = store.write().await?;
    let account = known(&mut tx, name).await?;
    staff::set_token(&mut tx, account.id, &secret::token_hash(&token)).await?;
    note(cx, &mut tx, &format!("made a token for {}", account.name)).await?;
    tx.commit().await?;
    if cx.frame.json {
        output::json(&json!({ "name": account.name, "token": token }))?;
        return Ok(Exit::Done);
    }
    output::line(&token)?;
    output::note(format!(
        "This is the token of {}. It is not shown again; whoever has it approves in that name. {}",
        account.name,
        if account.has_token { "The one before is void." } else { "" }
    ));
    Ok(Exit::Done)
}

async fn list(cx: &Context, store: &Store) -> anyhow::Result<Exit> {
    let mut tx = store.read().await?;
    let all = staff::all(&mut tx).await?;
    if cx.frame.json {
        let rows: Vec<_> = all
            .iter()
            .map(|account| {
                json!({
                    "id": account.id, "name": account.name, "email": account.mailbox.to_string(), "role": account.role,
                    "language": account.language, "has_token": account.has_token, "created_at": account.created_at,
                    "removed_at": account.removed_at,
                })
            })
            .collect();
        output::json(&rows)?;
        return Ok(Exit::Done);
    }
    if all.is_empty() {
        output::line("No accounts yet. `herald staff add NAME --email ADDRESS --role approver` makes one.")?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(["NAME", "ROLE", "E-MAIL", "LANGUAGE", "TOKEN", "SINCE"]);
    for account in &all {
        let token = match (account.removed_at, account.has_token) {
            (Some(at), _) => format!("closed {}", cx.when(at)),
            (None, true) => "yes".to_owned(),
            (None, false) => "none yet".to_owned(),
        };
        table.row([
            account.name.clone(),
            account.role.to_string(),
            account.mailbox.to_string(),
            account.language.as_ref().map(ToString::to_string).unwrap_or_default(),
            token,
            cx.when(account.created_at),
        ]);
    }
    table.print()?;
    Ok(Exit::Done)
}

async fn remove(cx: &Context, store: &Store, name: &str, yes: bool) -> anyhow::Result<Exit> {
    let mut tx = store.read().await?;
    let account = known(&mut tx, name).await?;
    drop(tx);
    if !yes && !confirm(&format!("Close the account of {}? Its token opens nothing any more.", account.name))? {
        anyhow::bail!("nothing was changed");
    }
    let mut tx = store.write().await?;
    let closed = staff::remove(&mut tx, account.id, cx.clock.now()).await?;
    if closed {
        note(cx, &mut tx, &format!("closed the account of {}", account.name)).await?;
    }
    tx.commit().await?;
    if cx.frame.json {
        output::json(&json!({ "id": account.id, "name": account.name, "removed": closed }))?;
    } else {
        output::line(format!("The account of {} is closed. What they approved stays approved.", account.name))?;
    }
    Ok(Exit::Done)
}

async fn note(cx: &Context, tx: &mut Tx, what: &str) -> anyhow::Result<()> {
    let act = Act { at: cx.clock.now(), who: machine_user(), what: what.to_owned(), why: None };
    acts::note(tx, None, &act).await?;
    Ok(())
}

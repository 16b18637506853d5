//! Who somebody is: a member of staff by their token (`--as NAME`), or a user of the machine.

use std::io::{BufRead, IsTerminal, Read};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::{Advice, Context, Usage};
use crate::store::acts::{self, Act};
use crate::store::staff::{self, Account, NotIn};

/// Where a token may stand that nobody is to type.
const VARIABLE: &str = "HERALD_STAFF_TOKEN";
/// A wrong token costs so long.
const PAUSE: Duration = Duration::from_secs(1);
/// A token is no longer than this.
const LONGEST: u64 = 1024;

/// The member of staff of that name, who shows their token: in the environment, on a terminal without echo, or in a line of
/// standard input.
///
/// # Errors
/// There is no such account; the token is not theirs.
pub(super) async fn signed_in(cx: &mut Context, name: &str) -> anyhow::Result<Account> {
    let store = cx.store().await?;
    let mut tx = store.read().await?;
    let known = staff::by_name(&mut tx, name).await?.filter(|account| account.removed_at.is_none());
    drop(tx);
    let Some(account) = known else {
        return Err(Usage(NotIn::Unknown(name.to_owned()).to_string()))
            .advise("`herald staff list` shows the accounts, `herald staff add` makes one.");
    };
    let token = token_of(&account.name)?;
    let mut tx = store.write().await?;
    let now = cx.clock.now();
    let signed = staff::sign_in(&mut tx, name, token.expose_secret(), now).await?;
    if let Err(NotIn::Wrong(name)) = &signed {
        let what = format!("gave a wrong token for {name}");
        acts::note(&mut tx, None, &Act { at: now, who: machine_user(), what, why: None }).await?;
    }
    tx.commit().await?;
    match signed {
        Ok(account) => Ok(account),
        Err(refused) => {
            tokio::time::sleep(PAUSE).await;
            let advice = format!("Nothing was done. `herald staff token \"{}\"` makes another token.", account.name);
            Err(anyhow::Error::new(refused)).advise(advice)
        }
    }
}

fn token_of(name: &str) -> anyhow::Result<SecretString> {
    if let Some(token) = std::env::var(VARIABLE).ok().filter(|token| !token.trim().is_empty()) {
        return Ok(token.into());
    }
    let stdin = std::io::stdin();
    let token = if stdin.is_terminal() {
        rpassword::prompt_password(format!("Token of {name}: "))?
    } else {
        let mut line = String::new();
        stdin.lock().take(LONGEST).read_line(&mut line)?;
        line
    };
    if token.trim().is_empty() {
        return Err(anyhow::anyhow!("no token of “{name}” was given"))
            .advise(format!("Type it, or give it in a line of standard input or in {VARIABLE}."));
    }
    Ok(token.into())
}

/// Who uses the machine, as the log of acts has them: `user:ana`.
pub(super) fn machine_user() -> String {
    format!("user:{}", whoami::username().unwrap_or_else(|_| "unknown".to_owned()))
}

//! A folder of an IMAP server. How far it has been read stands in the store, so that nothing is missed because somebody opened
//! it, and nothing is read twice.
//!
//! Fetched, taken in and committed, marked, noted as done, in this order: a process that dies in between reads the last few
//! once more, and they are known.

use std::time::Duration;

use super::mailbox::{BATCH, Looked, MOST, Trouble};
use super::{Applied, Desk, Done, Place};
use crate::config::{Config, Imap, Returns};
use crate::mail::report::LARGEST;
use crate::net::imap::{Dial, ImapError, Mailbox};
use crate::net::smtp::TlsConfigs;
use crate::store::returns;

/// A command may take so long: a pass of `herald once` waits for it.
const PATIENCE: Duration = Duration::from_secs(30);
/// A whole look may take so long. What was taken in by then is done with, and the next look goes on from there.
const LONGEST: Duration = Duration::from_secs(300);
/// Bytes of mail that are in memory at once.
const AT_ONCE: usize = 4 << 20;

/// What it is called in the store.
fn key(to: &Imap) -> String {
    format!("imap {}@{}:{}/{}", to.user, to.host, to.port, to.folder)
}

/// Reads what has come since the last time, and gives up a server that takes too long over it.
pub(super) async fn read(
    config: &Config,
    setting: &Returns,
    to: Imap,
    desk: &Desk<'_>,
    looked: &mut Looked,
    each: &mut (dyn FnMut(String, Applied) + Send),
) -> Result<(), Trouble> {
    let looking = look(config, setting, to, desk, looked, each);
    tokio::time::timeout(LONGEST, looking).await.unwrap_or_else(|_| {
        Err(Trouble::Mailbox(format!("the server took longer than {LONGEST:?}; the next look goes on from there")))
    })
}

async fn look(
    config: &Config,
    setting: &Returns,
    to: Imap,
    desk: &Desk<'_>,
    looked: &mut Looked,
    each: &mut (dyn FnMut(String, Applied) + Send),
) -> Result<(), Trouble> {
    let key = key(&to);
    let mut mailbox = Mailbox::open(&dial(config, setting, to)?).await.map_err(said)?;
    let mut tx = desk.store.read().await?;
    let last = match returns::position(&mut tx, &key).await? {
        Some((validity, uid)) if validity == i64::from(mailbox.validity) && validity != 0 => uid,
        _ => 0,
    };
    drop(tx);
    let mut waiting = mailbox.after(u32::try_from(last).unwrap_or_default()).await.map_err(said)?;
    looked.more = waiting.len() > MOST;
    waiting.truncate(MOST);
    for some in waiting.chunks(BATCH) {
        let sizes = mailbox.sizes(some).await.map_err(said)?;
        for few in portions(some, |uid| sizes.get(&uid).map_or(0, |size| *size as usize)) {
            portion(&mut mailbox, setting, few, desk, looked, each).await?;
            if let (Some(uid), false) = (few.last(), desk.dry_run) {
                let mut tx = desk.store.write().await?;
                returns::reached(&mut tx, &key, i64::from(mailbox.validity), i64::from(*uid)).await?;
                tx.commit().await?;
            }
        }
    }
    mailbox.close().await;
    Ok(())
}

/// Takes in a few messages, and then tells the server.
async fn portion(
    mailbox: &mut Mailbox,
    setting: &Returns,
    uids: &[u32],
    desk: &Desk<'_>,
    looked: &mut Looked,
    each: &mut (dyn FnMut(String, Applied) + Send),
) -> Result<(), Trouble> {
    let fetched = mailbox.fetch(uids, LARGEST).await.map_err(said)?;
    let (uids, messages): (Vec<u32>, Vec<Vec<u8>>) = fetched.into_iter().unzip();
    let taken = desk.take_in(&messages, Place::Mailbox).await?;
    let mut ours = Vec::new();
    for (uid, applied) in uids.into_iter().zip(taken) {
        if applied.done != Done::Left {
            ours.push(uid);
        }
        looked.tally.add(&applied);
        each(format!("{}#{uid}", looked.mailbox), applied);
    }
    if ours.is_empty() || desk.dry_run {
        return Ok(());
    }
    match &setting.move_to {
        Some(folder) => mailbox.move_to(&ours, folder).await.map_err(said),
        None => mailbox.see(&ours).await.map_err(said),
    }
}

fn dial(config: &Config, setting: &Returns, to: Imap) -> Result<Dial, Trouble> {
    let proof = setting.proof(&config.folder).map_err(Trouble::Mailbox)?;
    let proof = proof.ok_or_else(|| Trouble::Mailbox("there is no password; name a password_file".to_owned()))?;
    let ca_file = setting.ca_file.as_ref().map(|file| config.path(file));
    let tls = to.tls.then(|| TlsConfigs::native(ca_file.as_deref())).transpose().map_err(Trouble::Mailbox)?;
    Ok(Dial { to, proof, tls, limit: PATIENCE })
}

fn said(error: ImapError) -> Trouble {
    Trouble::Mailbox(error.to_string())
}

/// Messages in portions, each small enough to be in memory, as far as the server tells the truth; it is held to it when they are
/// fetched.
fn portions(uids: &[u32], size: impl Fn(u32) -> usize) -> Vec<&[u32]> {
    let (mut all, mut begin, mut bytes) = (Vec::new(), 0, 0);
    for (at, uid) in uids.iter().enumerate() {
        let this = size(*uid).min(LARGEST);
        if at > begin && bytes + this > AT_ONCE {
            all.push(&uids[begin..at]);
            (begin, bytes) = (at, 0);
        }
        bytes += this;
    }
    if begin < uids.len() {
        all.push(&uids[begin..]);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_messages_are_fetched_a_few_at_a_time() {
        let uids: Vec<u32> = (1..=20).collect();
        assert_eq!(portions(&uids, |_| 10).len(), 1);
        let large = portions(&uids, |_| 10 * LARGEST);
        assert_eq!(large.iter().map(|some| some.len()).collect::<Vec<_>>(), [8, 8, 4]);
        assert!(portions(&[], |_| 1).is_empty());
    }
}

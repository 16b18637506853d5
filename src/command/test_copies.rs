//! `herald send NEWSLETTER --test ADDRESS…`: the same mail, marked as a test, recorded as no delivery.

use super::proofs::{Asked, Draft, plate, rendering_for};
use super::{Context, Exit, Usage, findings, output};
use crate::audience::Address;
use crate::delivery::{self, DeliveryError, Press};
use crate::mail::Choice;
use crate::store::subscribers;
use crate::template::issue::TestBar;

/// Sends a test copy to each of `addresses`, in the language of whoever is known by it, else in the first.
pub(super) async fn send(
    cx: &mut Context,
    asked: &mut Asked<'_>,
    draft: &Draft,
    addresses: &[String],
) -> anyhow::Result<Exit> {
    let addresses: Vec<Address> = addresses
        .iter()
        .map(|text| text.parse().map_err(|error| Usage(format!("--test: {error}"))))
        .collect::<Result<_, _>>()?;
    let store = cx.store().await?;
    let press = Press::new(cx.config.clone(), cx.keyring().await?, cx.templates()?)?;
    if draft.stale {
        output::note(format!("Nothing is new to “{}”, so the test shows its newest stories.", asked.newsletter.name));
    }
    findings::say(&draft.proof.findings);
    let mut told = Vec::new();
    let mut refused = 0;
    for address in &addresses {
        let mut tx = store.read().await?;
        let known = match subscribers::by_address(&mut tx, address).await? {
            Some(id) => subscribers::person(&mut tx, id).await?,
            None => None,
        };
        // The bar names the person, so each test copy is a rendering of its own.
        asked.wish.test = Some(TestBar { person: address.to_string(), recipients: draft.survey.copies });
        let proof = asked.draft(&mut tx).await?.map(|own| own.proof);
        drop(tx);
        let language = known.and_then(|person| person.language);
        let made = proof.as_ref().and_then(|proof| {
            let n = rendering_for(proof, language.as_ref())?;
            Some((plate(proof, n)?, Choice(proof.layout.versions.get(n)?.holds)))
        });
        let Some((plate, choice)) = made else { anyhow::bail!("its stories went away while the test was made") };
        let copy = press.test_copy(&plate, address, choice, asked.now)?;
        match delivery::send_now(&cx.config, &press, &copy).await {
            Ok(answer) => {
                told.push(serde_json::json!({ "address": address, "handed_over": true, "answer": answer }));
            }
            Err(error @ DeliveryError::NotTaken(_)) => {
                refused += 1;
                output::note(format!("{address}: {error}"));
                told.push(serde_json::json!({ "address": address, "handed_over": false, "answer": error.to_string() }));
            }
            Err(error) => return Err(error.into()),
        }
    }
    if cx.frame.json {
        output::json(&serde_json::json!({
            "newsletter": asked.newsletter.name,
            "subject": draft.proof.subject(),
            "test": told,
            "findings": draft.proof.findings,
        }))?;
    } else {
        let sent = addresses.len() - refused;
        output::line(format!(
            "Handed to the mail server: {sent} test {} of “{}”. Nobody else got it, and nothing was recorded.",
            if sent == 1 { "copy" } else { "copies" },
            draft.proof.subject()
        ))?;
    }
    if refused > 0 && refused == addresses.len() {
        output::note("No test copy was taken. Look at [[mail.relays]] in config.toml.");
        return Ok(Exit::Failed);
    }
    Ok(if refused > 0 { Exit::Partly } else { Exit::Done })
}

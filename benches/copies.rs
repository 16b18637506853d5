//! How fast one core makes copies of a rendering: pieces that are encoded already, and the holes of each reader.
//!
//! `cargo bench --bench copies` prints copies a second and bytes a copy.

// What a benchmark finds goes to whoever started it.
#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use herald::audience::Person;
use herald::mail::{Choice, Envelope, Hole, Marks, Rendering, Syntax, When};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut marks = Marks::new("")?;
    let name = marks.hole(Hole::Recipient { field: "name".to_owned(), default: "reader".to_owned() })?;
    let leave = marks.hole(Hole::Unsubscribe)?;
    let (mut text, mut html) = (format!("Dear {name},\n"), format!("<html><body><p>Dear {name},</p>"));
    for position in 0..12 {
        let when = When::Story { position, from: 1, to: u8::MAX };
        for (part, syntax, times) in [(&mut text, Syntax::Plain, 4), (&mut html, Syntax::Html, 20)] {
            part.push_str(&marks.begin(when, syntax)?);
            part.push_str(
                &"Two hundred rescuers and forty boats practised an evacuation by night: Спасиоци.\n".repeat(times),
            );
            part.push_str(&marks.end(syntax)?);
        }
    }
    text += &leave;
    html += &format!("<a href=\"{leave}\">leave</a></body></html>");
    let subjects = vec!["Daily digest: Flood rescue teams train on the Sava".to_owned(); 12];
    let why = "You get this because you signed up for it.".to_owned();
    let rendering = Rendering::cut(&marks, "en".parse()?, (0..12).collect(), &subjects, &text, &html, why)
        .map_err(|(part, error)| format!("{part}: {error}"))?;
    let mut envelope = Envelope {
        from: "Public Affairs Office <news@newsroom.example>".parse()?,
        reply_to: Some("press@newsroom.example".parse()?),
        to: "reader@reader.example".parse()?,
        to_name: Some("Ана Петровић".to_owned()),
        message_id: "abcdefghijklmnopqrstuvwxyz@newsroom.example".to_owned(),
        date: chrono::DateTime::UNIX_EPOCH,
        list_id: ("Daily digest".to_owned(), "daily.newsroom.example".to_owned()),
        leave_url: Some("https://newsroom.example/unsubscribe/abcdefghijklmnopqrstuvwxyz234567".to_owned()),
        preferences_url: Some("https://newsroom.example/preferences/abcdefghijklmnopqrstuvwxyz234567".to_owned()),
        feedback_id: Some("97:daily:newsroom:herald".to_owned()),
        language: "en".parse()?,
        sandbox: false,
        test: false,
        why: String::new(),
    };
    let mut person = Person {
        id: 1,
        address: envelope.to.clone(),
        name: Some("Ана Петровић".to_owned()),
        language: None,
        extra: Default::default(),
    };
    let (copies, mut bytes) = (200_000u64, 0u64);
    let begun = Instant::now();
    for number in 0..copies {
        person.id = number.cast_signed();
        envelope.message_id = format!("{number}@newsroom.example");
        bytes += black_box(rendering.copy(&envelope, &person, Choice::ALL)?).len() as u64;
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("{:.0} copies a second on one core, {} bytes each", copies as f64 / seconds, bytes / copies);
    Ok(())
}

//! A newsroom of any size, the same each time: article n depends on n alone, so that n + 1 articles
//! are n articles and one more. About 6 KB of text each, in three languages, with links, a picture,
//! and the signs on which feed writers stumble.

use chrono::{DateTime, Duration, TimeZone as _, Utc};
use herald::article::{Content, Draft, Picture};

const ENGLISH: &str = "council village river bridge street school book paper editor reader letter report session decision \
    budget proposal citizen teacher doctor hospital market price factory field morning evening spring summer road train \
    station museum theatre film concert painter novel story word language radio network record archive history";
const LATIN: &str = "opština selo reka most ulica škola knjiga novine urednik čitalac pismo izveštaj sednica odluka \
    budžet predlog građanin nastavnik lekar bolnica pijaca cena fabrika njiva jutro veče proleće leto put voz stanica \
    muzej pozorište film koncert slikar roman priča reč jezik radio mreža zapis arhiv istorija";
const CYRILLIC: &str = "општина село река мост улица школа књига новине уредник читалац писмо извештај седница одлука \
    буџет предлог грађанин наставник лекар болница пијаца цена фабрика њива јутро вече пролеће лето пут воз станица \
    музеј позориште филм концерт сликар роман прича реч језик радио мрежа запис архив историја";

/// A sequence of numbers that is the same for the same seed (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap_or_default()
    }

    fn words(&mut self, from: &[&str], count: usize) -> String {
        let mut text = String::new();
        for n in 0..count {
            let word = from[self.below(from.len())];
            if n > 0 {
                text.push(' ');
            }
            text.push_str(word);
        }
        text
    }
}

/// When article `number` was published: every hour and a half one.
pub fn published(number: u64) -> DateTime<Utc> {
    let first = Utc.with_ymd_and_hms(2013, 1, 1, 6, 0, 0).single().unwrap_or_default();
    first + Duration::minutes(90 * i64::try_from(number).unwrap_or_default())
}

/// Article `number`.
pub fn draft(number: u64) -> Draft {
    let mut numbers = Numbers(number);
    let (language, words) = [("en", ENGLISH), ("sr-Latn", LATIN), ("sr-Cyrl", CYRILLIC)][numbers.below(3)];
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut title = numbers.words(&words, 6);
    if number.is_multiple_of(10) {
        title.push_str(" & <1> ]]> 📰");
    }
    let (mut html, mut text) = (String::new(), String::new());
    while text.len() < 5_000 {
        let sentence = numbers.words(&words, 60);
        html.push_str(&format!(
            "<p>{sentence} &amp; <a href=\"https://elsewhere.example/{}?a=1&amp;b=2\">{}</a>.</p>\n",
            numbers.below(9_999),
            numbers.words(&words, 2)
        ));
        text.push_str(&sentence);
        text.push('\n');
    }
    Draft {
        key: format!("{number}.md"),
        slug: format!("{number}"),
        language: language.parse().unwrap_or_default(),
        published: Some(published(number)),
        content: Content {
            summary: numbers.words(&words, 25),
            authors: vec!["Ana Đorđević".to_owned()],
            topics: vec![numbers.words(&words[..7], 1)],
            picture: number.is_multiple_of(3).then(|| Picture {
                url: format!("https://newsroom.example/media/{number}.jpg"),
                alt: numbers.words(&words, 5),
                caption: Some(numbers.words(&words, 9)),
                bytes: Some(120_000),
                media_type: Some("image/jpeg".to_owned()),
                ..Picture::default()
            }),
            title,
            html,
            text,
            ..Content::default()
        },
        ..Draft::default()
    }
}

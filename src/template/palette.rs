//! The colours of mails and pages, with the newsroom's accent in both schemes.

use serde::Serialize;

/// Contrast that text must have on its ground (WCAG 2.2, 1.4.3).
const READABLE: f64 = 4.5;

/// Colours of one scheme, each `#rrggbb`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scheme {
    /// The ground.
    pub paper: String,
    /// A ground that stands out a little: where a picture is missing.
    pub wash: String,
    /// Text and titles.
    pub ink: String,
    /// Captions, dates, bylines.
    pub grey: String,
    /// Hairlines: decoration only.
    pub line: String,
    /// Topics, links, the band.
    pub accent: String,
    /// Text on a ground of the accent.
    pub on_accent: String,
    /// Corrections.
    pub red: String,
}

/// Both schemes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Palette {
    /// By day.
    pub light: Scheme,
    /// By night.
    pub dark: Scheme,
    /// Ground of the bar of a test copy, in both.
    pub test: String,
    /// Text on it.
    pub on_test: String,
}

/// A colour, red, green, blue.
type Rgb = [u8; 3];

impl Palette {
    /// The palette for an accent `#rrggbb`; another text gives ours. An accent that is too pale to be read on paper is
    /// darkened until it can be read; its counterpart for the dark scheme is lightened in the same way.
    pub fn of(accent: &str) -> Palette {
        let accent = parse(accent).unwrap_or([0x1f, 0x4e, 0x79]);
        let mut light = Scheme {
            paper: "#fdfcfa".into(),
            wash: "#f3f1ec".into(),
            ink: "#17191c".into(),
            grey: "#575c62".into(),
            line: "#dcd9d2".into(),
            accent: String::new(),
            on_accent: String::new(),
            red: "#a3281c".into(),
        };
        let mut dark = Scheme {
            paper: "#14171a".into(),
            wash: "#1c2024".into(),
            ink: "#e8e6e1".into(),
            grey: "#a6abb0".into(),
            line: "#353a40".into(),
            accent: String::new(),
            on_accent: String::new(),
            red: "#f0978b".into(),
        };
        let by_day = until_readable(accent, &light.wash, [0, 0, 0]);
        let by_night = lightened(accent, &dark.paper, 9.0);
        for (scheme, colour) in [(&mut light, by_day), (&mut dark, by_night)] {
            scheme.accent = hex(colour);
            scheme.on_accent = on(colour);
        }
        Palette { light, dark, test: "#e3b062".into(), on_test: "#17191c".into() }
    }
}

/// Black or white-ish, whichever reads better on `ground`.
fn on(ground: Rgb) -> String {
    let ground = hex(ground);
    ["#ffffff", "#0e1a26"]
        .into_iter()
        .max_by(|a, b| contrast(a, &ground).total_cmp(&contrast(b, &ground)))
        .unwrap_or("#ffffff")
        .to_owned()
}

fn until_readable(colour: Rgb, ground: &str, towards: Rgb) -> Rgb {
    until(colour, ground, towards, READABLE)
}

/// `colour` mixed with `towards` until its contrast on `ground` is at least `wanted`.
fn until(colour: Rgb, ground: &str, towards: Rgb, wanted: f64) -> Rgb {
    (0..=100)
        .map(|percent| mixed(colour, towards, percent))
        .find(|mixed| contrast(&hex(*mixed), ground) >= wanted)
        .unwrap_or(towards)
}

/// The hue of `colour` at the least lightness at which its contrast on `ground` is `wanted`: mixing it with white
/// instead would make it grey.
fn lightened(colour: Rgb, ground: &str, wanted: f64) -> Rgb {
    let [red, green, blue] = colour.map(|channel| f64::from(channel) / 255.0);
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    let (lightness, spread) = ((most + least) / 2.0, most - least);
    let saturation = if spread == 0.0 { 0.0 } else { spread / (1.0 - (2.0 * lightness - 1.0).abs()) };
    // Where each channel stands between the least (0) and the most (1): what makes the hue.
    let hue = [red, green, blue].map(|channel| if spread == 0.0 { 0.0 } else { (channel - least) / spread });
    let from = (lightness * 200.0).round() as u32;
    (from..=200)
        .map(|step| {
            let lightness = f64::from(step) / 200.0;
            let spread = saturation * (1.0 - (2.0 * lightness - 1.0).abs());
            hue.map(|place| ((lightness - spread / 2.0 + place * spread) * 255.0).round() as u8)
        })
        .find(|colour| contrast(&hex(*colour), ground) >= wanted)
        .unwrap_or([255, 255, 255])
}

fn mixed(a: Rgb, b: Rgb, percent: u32) -> Rgb {
    let mut out = a;
    for (channel, target) in out.iter_mut().zip(b) {
        let value = u32::from(*channel) * (100 - percent) + u32::from(target) * percent;
        *channel = u8::try_from(value / 100).unwrap_or(u8::MAX);
    }
    out
}

/// The contrast of two colours `#rrggbb`, 1 to 21 (WCAG 2.2, "contrast ratio"); 1 where one is no colour.
pub fn contrast(a: &str, b: &str) -> f64 {
    match (parse(a), parse(b)) {
        (Some(a), Some(b)) => {
            let (a, b) = (luminance(a), luminance(b));
            (a.max(b) + 0.05) / (a.min(b) + 0.05)
        }
        _ => 1.0,
    }
}

fn luminance(colour: Rgb) -> f64 {
    let channel = |value: u8| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(colour[0]) + 0.7152 * channel(colour[1]) + 0.0722 * channel(colour[2])
}

fn parse(text: &str) -> Option<Rgb> {
    let digits = text.trim().strip_prefix('#')?;
    if !digits.is_ascii() {
        return None;
    }
    let byte = |range: std::ops::Range<usize>| u8::from_str_radix(digits.get(range)?, 16).ok();
    match digits.len() {
        6 => Some([byte(0..2)?, byte(2..4)?, byte(4..6)?]),
        3 => Some([byte(0..1)? * 17, byte(1..2)? * 17, byte(2..3)? * 17]),
        _ => None,
    }
}

fn hex(colour: Rgb) -> String {
    format!("#{:02x}{:02x}{:02x}", colour[0], colour[1], colour[2])
}

/// Whether `text` is a colour that [`Palette::of`] can use.
pub fn is_colour(text: &str) -> bool {
    parse(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pair that carries text.
    fn pairs(palette: &Palette) -> Vec<(String, String)> {
        let mut pairs = vec![(palette.on_test.clone(), palette.test.clone())];
        for scheme in [&palette.light, &palette.dark] {
            for text in [&scheme.ink, &scheme.grey, &scheme.accent, &scheme.red] {
                pairs.push((text.clone(), scheme.paper.clone()));
                pairs.push((text.clone(), scheme.wash.clone()));
            }
            pairs.push((scheme.on_accent.clone(), scheme.accent.clone()));
        }
        pairs
    }

    #[test]
    fn every_pair_that_carries_text_can_be_read_whatever_the_accent() {
        for accent in ["#1f4e79", "#ffffff", "#000000", "#ffff00", "#777777", "#0f0", "#c0392b", "#2ecc71", "nonsense"]
        {
            for (text, ground) in pairs(&Palette::of(accent)) {
                let ratio = contrast(&text, &ground);
                assert!(ratio >= READABLE, "{accent}: {text} on {ground} is {ratio:.2}");
            }
        }
    }

    #[test]
    fn an_accent_that_can_be_read_stays_as_it_is() {
        assert_eq!(Palette::of("#1f4e79").light.accent, "#1f4e79");
        assert_eq!(Palette::of("#1F4E79").light.on_accent, "#ffffff");
    }
}

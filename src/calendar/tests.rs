//! Slots against a count by brute force, and errors by their words.

use chrono::{NaiveDate, Timelike};
use proptest::prelude::*;

use super::*;

const ZONES: [Tz; 6] = [
    Tz::Europe__Belgrade,
    Tz::America__New_York,
    Tz::Australia__Lord_Howe,
    Tz::Africa__Casablanca,
    Tz::Asia__Kathmandu,
    Tz::Pacific__Apia,
];

fn at(text: &str) -> Instant {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

fn schedule(line: &str, zone: Tz) -> Schedule {
    Schedule::parse(line, zone).unwrap_or_else(|e| panic!("{e}"))
}

/// Slots of a whole day's wall-clock minutes, by walking through the minutes of the real day: the first instant at which
/// the clock shows the time or has passed it.
fn by_walking(hour: u32, minute: u32, zone: Tz, from: NaiveDate, days: i64) -> Vec<Instant> {
    let mut slots = Vec::new();
    let mut real = from.and_hms_opt(0, 0, 0).unwrap().and_utc() - Duration::hours(36);
    for day in 0..days {
        let wanted = (from + Duration::days(day)).and_hms_opt(hour, minute, 0).unwrap();
        // The clock never goes back far enough for a long step to miss it; then quarters of an hour, then minutes.
        while (real + Duration::hours(20)).with_timezone(&zone).naive_local() < wanted {
            real += Duration::hours(20);
        }
        while (real + Duration::minutes(15)).with_timezone(&zone).naive_local() < wanted {
            real += Duration::minutes(15);
        }
        while real.with_timezone(&zone).naive_local() < wanted {
            real += Duration::minutes(1);
        }
        slots.push(real);
    }
    slots.dedup();
    slots
}

#[test]
fn every_slot_of_a_decade_comes_exactly_once() {
    let from = NaiveDate::from_ymd_opt(2018, 1, 1).unwrap();
    let days = 365 * 10;
    for zone in ZONES {
        // Around each change of these zones: 01:45, 02:00, 02:15, 02:30 (Lord Howe moves by half an hour), 03:00.
        for (hour, minute) in [(0, 0), (1, 45), (2, 0), (2, 15), (2, 30), (3, 0), (23, 59)] {
            let plan = schedule(&format!("{minute} {hour} * * *"), zone);
            let wanted = by_walking(hour, minute, zone, from, days);
            let got = plan.upcoming(wanted[0] - Duration::seconds(1), wanted.len());
            assert_eq!(got, wanted, "{zone} {hour}:{minute:02}");
            for pair in wanted.windows(2) {
                assert_eq!(plan.last_before(pair[1]), Some(pair[1]), "{zone}: a slot is due at its instant");
                assert_eq!(plan.last_before(pair[1] - Duration::microseconds(1)), Some(pair[0]), "{zone}");
            }
        }
    }
}

#[test]
fn where_the_clock_jumps_a_slot_comes_once_at_the_first_instant_after() {
    let plan = schedule("30 2 * * *", Tz::Europe__Belgrade);
    assert_eq!(plan.next_after(at("2026-03-28T12:00:00Z")), Some(at("2026-03-29T01:00:00Z")));
    assert_eq!(plan.next_after(at("2026-03-29T01:00:00Z")), Some(at("2026-03-30T00:30:00Z")));
    let often = schedule("*/10 * * * *", Tz::Europe__Belgrade);
    assert_eq!(
        often.upcoming(at("2026-03-29T00:49:00Z"), 3),
        [at("2026-03-29T00:50:00Z"), at("2026-03-29T01:00:00Z"), at("2026-03-29T01:10:00Z")],
        "six slots in the gap are one, and it is also that of 03:00"
    );
}

#[test]
fn where_the_clock_goes_back_a_slot_comes_once_at_the_first() {
    let plan = schedule("30 2 * * *", Tz::Europe__Belgrade);
    assert_eq!(plan.upcoming(at("2026-10-24T12:00:00Z"), 2), [at("2026-10-25T00:30:00Z"), at("2026-10-26T01:30:00Z")]);
    // In the second of the two hours the last slot is that of the first.
    assert_eq!(plan.last_before(at("2026-10-25T01:10:00Z")), Some(at("2026-10-25T00:30:00Z")));
    let half = schedule("45 1 * * *", Tz::Australia__Lord_Howe);
    assert_eq!(half.next_after(at("2026-04-04T00:00:00Z")), Some(at("2026-04-04T14:45:00Z")), "01:45 at +11");
    assert_eq!(half.next_after(at("2026-04-04T14:45:00Z")), Some(at("2026-04-05T15:15:00Z")), "01:45 at +10:30");
}

#[test]
fn a_day_that_a_zone_left_out_has_its_slot_at_the_next() {
    let plan = schedule("0 7 * * *", Tz::Pacific__Apia);
    // Samoa had no 30 December 2011.
    assert_eq!(
        plan.upcoming(at("2011-12-29T00:00:00Z"), 3),
        [at("2011-12-29T17:00:00Z"), at("2011-12-30T10:00:00Z"), at("2011-12-30T17:00:00Z")]
    );
}

#[test]
fn both_day_fields_restricted_means_either() {
    let days = |line: &str| -> Vec<String> {
        let plan = schedule(line, Tz::UTC);
        plan.upcoming(at("2026-06-01T12:00:00Z"), 5).iter().map(|t| t.format("%a %e").to_string()).collect()
    };
    assert_eq!(days("0 0 13 * 5"), ["Fri  5", "Fri 12", "Sat 13", "Fri 19", "Fri 26"]);
    assert_eq!(days("0 0 * * 5"), ["Fri  5", "Fri 12", "Fri 19", "Fri 26", "Fri  3"]);
    assert_eq!(days("0 0 13 * *"), ["Sat 13", "Mon 13", "Thu 13", "Sun 13", "Tue 13"]);
    assert_eq!(days("0 0 */2 * mon"), ["Mon 15", "Mon 29", "Mon 13", "Mon 27", "Mon  3"], "a star does not restrict");
    assert_eq!(days("0 0 30 2 1"), ["Mon  1", "Mon  8", "Mon 15", "Mon 22", "Mon  7"], "Mondays of February");
}

#[test]
fn numbers_names_ranges_and_steps() {
    let same = |a: &str, b: &str| {
        let from = at("2026-01-01T00:00:00Z");
        assert_eq!(schedule(a, Tz::UTC).upcoming(from, 60), schedule(b, Tz::UTC).upcoming(from, 60), "{a} is {b}");
    };
    same("0 7 * * 0", "0 7 * * 7");
    same("0 7 * * SUN", "0 7 * * 7");
    same("0 7 * * mon-fri", "0 7 * * 1-5");
    same("0 7 * * 5-7", "0 7 * * fri,sat,sun");
    same("0 7 * * sat-sun", "0 7 * * 0,6");
    same("0 7 * * sun-tue", "0 7 * * 0-2");
    same("0 7 * * 0-7", "0 7 * * *");
    same("*/15 * * * *", "0,15,30,45 * * * *");
    same("10-30/10 8-18/5 * Jan-Mar *", "10,20,30 8,13,18 * 1,2,3 *");
    same("  0   7 *\t* *  ", "0 7 * * *");
    same("0 7 * * */2", "0 7 * * 0,2,4,6");
}

#[test]
fn errors_name_field_and_value() {
    let table = [
        ("60 7 * * *", "minute “60”", "0 to 59"),
        ("0 24 * * *", "hour “24”", "0 to 23"),
        ("0 7 0 * *", "day of the month “0”", "1 to 31"),
        ("0 7 * 13 *", "month “13”", "jan to dec"),
        ("0 7 * * 8", "day of the week “8”", "mon to sun"),
        ("0 7 * * monday", "day of the week “monday”", "mon to sun"),
        ("0 7 * * fri-mon", "runs backwards", "5-6,0-1"),
        ("0 22-2 * * *", "runs backwards", "22-23,0-2"),
        ("*/0 7 * * *", "minute “*/0”", "step"),
        ("5/10 7 * * *", "minute “5/10”", "5-59/10"),
        ("0 7 L * *", "day of the month “L”", "no number"),
        ("0 7 ? * *", "day of the month “?”", "no number"),
        ("0 7 * * 5#3", "day of the week “5#3”", "no number"),
        ("0, 7 * * *", "minute “0,”", "no number"),
        ("-5 7 * * *", "minute “-5”", "no number"),
        ("+5 7 * * *", "minute “+5”", "no number"),
        ("0 7 * *", "has 4 fields", "five"),
        ("0 0 7 * * *", "has 6 fields", "seconds"),
        ("@daily", "has 1 fields", "0 0 * * *"),
        ("", "has 0 fields", "immediate"),
        ("0 0 30 2 *", "never comes", "feb has no day 30"),
        ("0 0 31 4,jun *", "never comes", "apr, jun has no day 31"),
    ];
    for (line, what, hint) in table {
        let error = Schedule::parse(line, Tz::UTC).expect_err(line).to_string();
        assert!(error.contains(what) && error.contains(hint), "{line}: {error}");
    }
    assert!(Schedule::parse("0 0 29 2 *", Tz::UTC).is_ok(), "a leap day comes");
}

#[test]
fn a_zone_with_a_slip_is_recognised() {
    assert_eq!(zones_like("Europe/Begrade").first(), Some(&"Europe/Belgrade"));
    assert_eq!(zones_like("belgrade").first(), Some(&"Europe/Belgrade"));
    assert!(zones_like("zzz").is_empty());
}

/// A field's text with the numbers it allows.
fn some_field(min: u32, max: u32) -> impl Strategy<Value = (String, Vec<u32>)> {
    prop_oneof![
        Just(("*".to_owned(), (min..=max).collect())),
        (min..=max).prop_map(|n| (n.to_string(), vec![n])),
        (min..=max, min..=max).prop_map(|(a, b)| {
            let (a, b) = (a.min(b), a.max(b));
            (format!("{a}-{b}"), (a..=b).collect())
        }),
        (2..=max.max(3) - 1).prop_map(move |step| (format!("*/{step}"), (min..=max).step_by(step as usize).collect())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn next_and_last_agree_with_a_walk_through_the_minutes(
        (minute, minutes) in some_field(0, 59),
        (hour, hours) in some_field(0, 23),
        (weekday, weekdays) in some_field(0, 6),
        start in 1_500_000_000_i64..1_900_000_000,
        zone in prop::sample::select(ZONES.as_slice()),
    ) {
        let plan = schedule(&format!("{minute} {hour} * * {weekday}"), zone);
        let start = from_minutes(start / 60);
        // Walk: a minute of the wall clock is a slot at the first instant that shows it or has jumped over it.
        let end = start + Duration::days(3);
        let fits = |wall: NaiveDateTime| {
            use chrono::Datelike;
            minutes.contains(&wall.minute()) && hours.contains(&wall.hour())
                && weekdays.contains(&wall.weekday().num_days_from_sunday())
        };
        let mut wanted = Vec::new();
        let mut shown = (start - Duration::hours(30)).with_timezone(&zone).naive_local();
        let mut real = start - Duration::hours(30);
        while real < end {
            real += Duration::minutes(1);
            let wall = real.with_timezone(&zone).naive_local();
            let mut due = false;
            while shown < wall {
                shown += Duration::minutes(1);
                due |= fits(shown);
            }
            if due && real > start { wanted.push(real); }
        }
        let got: Vec<Instant> = std::iter::successors(plan.next_after(start), |t| plan.next_after(*t))
            .take_while(|t| *t <= end).collect();
        prop_assert_eq!(&got, &wanted);
        for slot in &wanted {
            prop_assert_eq!(plan.last_before(*slot), Some(*slot));
        }
        for pair in wanted.windows(2) {
            prop_assert_eq!(plan.last_before(pair[1] - Duration::seconds(1)), Some(pair[0]));
        }
    }

    #[test]
    fn no_line_breaks_the_reader(line in "[0-9*/,a-zA-Z#?@ -]{0,40}") {
        let _ = Schedule::parse(&line, Tz::UTC);
    }
}

fn from_minutes(minutes: i64) -> Instant {
    DateTime::from_timestamp(minutes * 60, 0).unwrap()
}

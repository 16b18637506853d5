//! Lists read as other programs write them.

use super::super::{Reason, RowStatus, Status};
use super::*;

/// Everything a file gives: its rows, and `line: reason` of what is wrong.
fn read_bytes(bytes: &[u8]) -> (Vec<Row>, Vec<String>) {
    let mut survey = Survey::default();
    for piece in bytes.chunks(7) {
        survey.feed(piece);
    }
    let mut reader = Reader::new(bytes, survey.encoding().unwrap(), &["daily", "weekly"]).unwrap();
    let mut rows = Vec::new();
    let mut faults: Vec<Fault> = reader.warnings().to_vec();
    while let Some(line) = reader.line() {
        faults.extend(line.warnings);
        match line.row {
            Ok(row) => rows.push(row),
            Err(fault) => faults.push(fault),
        }
    }
    (rows, faults.into_iter().map(|f| format!("{}: {}", f.line, f.reason)).collect())
}

fn read(text: &str) -> (Vec<Row>, Vec<String>) {
    read_bytes(text.as_bytes())
}

fn header(text: &str) -> HeaderError {
    match Reader::new(text.as_bytes(), Encoding::Utf8, &[]) {
        Ok(_) => panic!("a header was found in {text:?}"),
        Err(error) => error,
    }
}

fn addresses(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| row.address.to_string()).collect()
}

#[test]
fn every_column_is_read() {
    let (rows, faults) = read(concat!(
        "email,name,language,timezone,topics,newsletters,status,consent_at,consent_source,Postal Code\r\n",
        "Ana@Newsroom.example,Ana B.,sr_latn,Europe/Belgrade,Civil protection;Interviews,Daily,active,2024-05-31T10:00:00+02:00,web form,11000\r\n",
    ));
    assert_eq!(faults, Vec::<String>::new());
    let row = &rows[0];
    assert_eq!(row.address.to_string(), "Ana@newsroom.example");
    assert_eq!(row.name.as_deref(), Some("Ana B."));
    assert_eq!(row.language.as_ref().unwrap().as_str(), "sr-Latn");
    assert_eq!(row.timezone.unwrap().name(), "Europe/Belgrade");
    assert_eq!(row.topics.as_deref().unwrap(), ["civil-protection", "interviews"]);
    assert_eq!(row.newsletters.as_deref().unwrap(), ["daily"]);
    assert_eq!(row.status, Some(RowStatus::Member(Status::Active)));
    assert_eq!(row.consent_at.unwrap().to_rfc3339(), "2024-05-31T08:00:00+00:00");
    assert_eq!(row.consent_source.as_deref(), Some("web form"));
    assert_eq!(row.extra["postal_code"], "11000");
}

#[test]
fn delimiters_marks_and_quotes_do_not_matter() {
    for text in [
        "email,name\nana@newsroom.example,\"B., Ana\"\n",
        "\u{feff}email;name\r\nana@newsroom.example;B., Ana\r\n",
        "E-Mail\tName\rana@newsroom.example\tB., Ana",
        "sep=;\r\n\"Email Address\";\"Name\"\r\n\r\n\"ana@newsroom.example\";\"B., Ana\"",
        "\u{a0}NAME ; \u{feff}e-mail\nB., Ana;\u{200b}ana@newsroom.example\u{a0}\n;\n",
        "\"Name; or, nickname\",mail,Name\nx,ana@newsroom.example,\"B., Ana\"\n",
    ] {
        let (rows, faults) = read(text);
        assert_eq!(faults, Vec::<String>::new(), "{text:?}");
        assert_eq!(
            (addresses(&rows).join(" "), rows[0].name.as_deref()),
            ("ana@newsroom.example".into(), Some("B., Ana"))
        );
    }
}

#[test]
fn excel_files_of_both_scripts_are_recognised() {
    let latin = "email;name\r\nana@newsroom.example;Đorđe Šćepanović-Čolić, Niš\r\nbo@newsroom.example;Željko\r\n";
    let cyrillic = "email;name\r\nana@newsroom.example;Ђорђе Шћепановић\r\nbo@newsroom.example;Љиљана Џаковић\r\n";
    for (text, encoding, label) in
        [(latin, Encoding::Windows1250, "windows-1250"), (cyrillic, Encoding::Windows1251, "windows-1251")]
    {
        let (bytes, _, lost) = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap().encode(text);
        assert!(!lost);
        let mut survey = Survey::default();
        survey.feed(&bytes);
        assert_eq!(survey.encoding(), Ok(encoding));
        let (rows, _) = read_bytes(&bytes);
        assert!(text.contains(rows[0].name.as_deref().unwrap()), "{rows:?}");
        for (mark, order) in [(true, true), (false, true), (true, false), (false, false)] {
            let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
            let bytes: Vec<u8> = units.flat_map(|u| if order { u.to_le_bytes() } else { u.to_be_bytes() }).collect();
            let (rows, faults) = read_bytes(&bytes);
            assert_eq!((rows.len(), faults.len()), (2, 0), "mark {mark}, low byte first {order}");
            assert!(text.contains(rows[1].name.as_deref().unwrap()));
        }
    }
}

#[test]
fn one_broken_sign_does_not_turn_the_whole_file() {
    let mut bytes = b"email,name\n".to_vec();
    for i in 0..20 {
        bytes.extend(format!("p{i}@newsroom.example,Ђорђе\n").into_bytes());
    }
    bytes.extend(b"ana@newsroom.example,Jos\xe9\nbo@newsroom.example,Bo\n");
    let (rows, faults) = read_bytes(&bytes);
    assert_eq!(rows.len(), 21);
    assert_eq!(rows[0].name.as_deref(), Some("Ђорђе"));
    assert_eq!(faults, ["22: a sign in it could not be read; save the file as UTF-8"]);
}

#[test]
fn a_bad_row_is_named_by_its_line_in_the_file() {
    let (rows, faults) = read(concat!(
        "email,name,note\n",
        "\n",
        "ana@newsroom.example,Ana,\"two\r\nlines\n\n\"\n",
        "broken,B,\n",
        "\n",
        ",Nobody,x\n",
        ",,\n",
        "bo@newsroom.example,Bo,a,b\n",
        "ce@newsroom.example\n",
    ));
    assert_eq!(addresses(&rows), ["ana@newsroom.example", "ce@newsroom.example"]);
    assert_eq!((rows[0].line, rows[1].line), (3, 12));
    assert_eq!(rows[0].extra["note"], "two lines");
    assert_eq!(
        faults,
        [
            "7: it has no @",
            "9: there is no address in it",
            "11: it has 4 cells, and the header names 3 columns; put a cell that holds the dividing sign in quotation marks",
        ]
    );
}

#[test]
fn an_open_quotation_mark_swallows_nobody_unseen() {
    let (rows, faults) = read(concat!(
        "email,name\n",
        "ana@newsroom.example,\"Ana\n",
        "bo@newsroom.example,Bo\n",
        "ce@newsroom.example,\"Ce\"\n",
        "de@newsroom.example,De\n",
    ));
    assert_eq!(addresses(&rows), ["de@newsroom.example"]);
    assert_eq!(faults, ["2: it goes on over lines that hold addresses; a quotation mark is opened and not closed"]);
    let mut long = "email,name\nana@newsroom.example,\"Ana\n".to_owned();
    for i in 0..20_000 {
        long.push_str(&format!("p{i}@newsroom.example,P\n"));
    }
    let (rows, faults) = read(&long);
    assert_eq!(rows.len(), 0);
    assert!(faults.len() == 1 && faults[0].starts_with("2: a row that begins here is over 256 kB"), "{faults:?}");
}

#[test]
fn an_unknown_status_is_a_fault_and_never_active() {
    let (rows, faults) = read(concat!(
        "email,status\n",
        "a@newsroom.example,Subscribed\n",
        "b@newsroom.example,cleaned\n",
        "c@newsroom.example,BLOCKLISTED\n",
        "d@newsroom.example,Opted-Out\n",
        "e@newsroom.example,maybe\n",
        "f@newsroom.example,\n",
        "g@newsroom.example,spam complaint\n",
        "h@newsroom.example,активна\n",
    ));
    let statuses: Vec<_> = rows.iter().map(|row| row.status).collect();
    assert_eq!(
        statuses,
        [
            Some(RowStatus::Member(Status::Active)),
            Some(RowStatus::Suppressed(Reason::Bounced)),
            Some(RowStatus::Suppressed(Reason::Staff)),
            Some(RowStatus::Member(Status::Left)),
            None,
            Some(RowStatus::Suppressed(Reason::Complained)),
            Some(RowStatus::Member(Status::Active)),
        ]
    );
    assert!(faults.len() == 1 && faults[0].starts_with("6: is no status"), "{faults:?}");
}

#[test]
fn what_can_be_left_out_is_left_out_and_named() {
    let (rows, faults) = read(concat!(
        "email;first name;last name;language;timezone;topics;newsletters;consent_at\n",
        "a@newsroom.example;Ana;Bell;English;Mars/Base;one,two;dayly, weekly;31.05.2024.\n",
        "b@newsroom.example;;;klingonese;;;monthly;yesterday\n",
    ));
    assert_eq!(rows[0].name.as_deref(), Some("Ana Bell"));
    assert_eq!(rows[0].language.as_ref().unwrap().as_str(), "en");
    assert_eq!(rows[0].topics.as_deref().unwrap(), ["one", "two"]);
    assert_eq!(rows[0].newsletters.as_deref().unwrap(), ["weekly"]);
    assert_eq!(rows[0].consent_at.unwrap().to_rfc3339(), "2024-05-31T00:00:00+00:00");
    assert_eq!(rows[1].newsletters.as_deref().unwrap(), [] as [&str; 0], "what does not exist is not all");
    let kinds: Vec<&str> = faults.iter().map(|f| f.split(';').next().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "2: is no time zone (Europe/Belgrade)",
            "2: “dayly” is no newsletter of this list (daily, weekly)",
            "3: is no language tag (en, sr-Latn, sr-Cyrl)",
            "3: “monthly” is no newsletter of this list (daily, weekly)",
            "3: is no date (2024-05-31 or 2024-05-31T08:00:00Z)",
        ]
    );
}

#[test]
fn a_header_that_cannot_be_used_says_why() {
    assert_eq!(header(""), HeaderError::Empty);
    assert_eq!(header("\n\n"), HeaderError::Empty);
    let missing = header("\nname,phone\nAna,1\n").to_string();
    assert_eq!(
        missing,
        "line 2: no column is named email (there are: name, phone); the first line must name the columns"
    );
    assert!(header("ana@newsroom.example,Ana\n").to_string().contains("put a line “email” above it"));
    assert!(matches!(header(&"x,".repeat(500)), HeaderError::TooMany(1)));
    assert!(matches!(header(&format!("\"{}", "x".repeat(100_000))), HeaderError::Unreadable(1, _)));
    let mut survey = Survey::default();
    survey.feed(b"PK\x03\x04rest of a workbook");
    assert_eq!(survey.encoding(), Err(SurveyError::Workbook));
    let (rows, faults) = read("email,name,name\na@newsroom.example,A,B\n");
    assert_eq!((rows[0].name.as_deref(), faults.len()), (Some("A"), 1));
}

#[test]
fn hostile_cells_are_text_and_come_back_as_they_were() {
    let folder = std::env::var("HERALD_DATA").unwrap_or_else(|_| "../shared/data".into());
    let mut payloads: Vec<String> =
        ["=1+1", "+381 11 555", "-2", "@SUM(A1)", "a\"b\"\"c", "x;y,z\tw", "'=1"].map(String::from).to_vec();
    for name in ["patt-csv-formula", "patt-crlf"] {
        let Ok(text) = std::fs::read_to_string(format!("{folder}/hostile/{name}.json")) else {
            eprintln!("passed over: no hostile cells at {folder}");
            continue;
        };
        let cases: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        payloads.extend(cases.iter().map(|case| case["payload"].as_str().unwrap().to_owned()));
    }
    for excel in [false, true] {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, excel).unwrap();
        writer.write(["email", "name", "note"]).unwrap();
        for (i, payload) in payloads.iter().enumerate() {
            writer.write([format!("p{i}@newsroom.example").as_str(), "Ana", payload]).unwrap();
        }
        writer.flush().unwrap();
        drop(writer);
        let text = String::from_utf8(out.clone()).unwrap();
        if excel {
            assert!(text.starts_with('\u{feff}'));
            let bare = |cell: &str| cell.trim_start_matches('"').starts_with(super::write::FORMULA);
            assert!(!text.lines().flat_map(|line| line.split(';')).any(bare), "{text}");
        }
        let (rows, faults) = read_bytes(&out);
        assert_eq!((rows.len(), faults), (payloads.len(), Vec::new()));
        for (row, payload) in rows.iter().zip(&payloads) {
            let plain: String = payload.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            // An apostrophe before a formula is a guard, whoever put it there.
            let plain = if plain == "'=1" { "=1" } else { &plain };
            assert_eq!(row.extra["note"], plain);
        }
    }
}

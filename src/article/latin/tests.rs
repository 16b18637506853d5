//! What the orthography asks, and what must stay as it is.

use super::*;

#[test]
fn letters_digraphs_and_capitals() {
    for (cyrillic, latin) in [
        ("Његош, ЊЕГОШ, коњ, КОЊ", "Njegoš, NJEGOŠ, konj, KONJ"),
        ("Љубав ЉУБАВ Љ. Петровић Љ. ПЕТРОВИЋ", "Ljubav LJUBAV Lj. Petrović LJ. PETROVIĆ"),
        ("Џеп ЏЕП оџак ОЏАК ЏУЏ", "Džep DŽEP odžak ODŽAK DŽUDŽ"),
        ("ДОЊА ЉИГ-ЊУ", "DONJA LJIG-NJU"),
        ("Ђорђе Ћирић, Жика Шћепановић, чаша, центар", "Đorđe Ćirić, Žika Šćepanović, čaša, centar"),
        ("инјекција није иње", "injekcija nije inje"),
        ("НАТО-а и NATO-а, PDF-ом", "NATO-a i NATO-a, PDF-om"),
        // Accents stand on letters, in one sign or two.
        ("Ње\u{30F}ан и Њ\u{301}ЕГА ѝ", "Nje\u{30F}an i NJ\u{301}EGA ì"),
        ("„Вежба” – 1.000 људи…", "„Vežba” – 1.000 ljudi…"),
    ] {
        assert_eq!(words(cyrillic), latin.nfc().collect::<String>(), "{cyrillic}");
    }
}

#[test]
fn numerals_addresses_and_other_languages_stay() {
    for (cyrillic, latin) in [
        ("XIX век, XX века, ХIХ век, ХХ век, Х век", "XIX vek, XX veka, XIX vek, XX vek, X vek"),
        ("Х. Петровић и СС, МС, Хлеб", "H. Petrović i SS, MS, Hleb"),
        (
            "Пишите на адресу пера@пошта.срб или на www.пример.срб.",
            "Pišite na adresu пера@пошта.срб ili na www.пример.срб.",
        ),
        ("види https://пример.срб/вести?а=б, и @војска", "vidi https://пример.срб/вести?а=б, i @војска"),
        ("на сајту пример.срб/вести", "na sajtu пример.срб/вести"),
        ("крај.Почетак", "kraj.Početak"),
        ("лист «Новый мир» и Україна", "list «Новый mir» i Україна"),
        ("Ѓорѓи, English, Ελλάδα", "Ѓорѓи, English, Ελλάδα"),
    ] {
        assert_eq!(words(cyrillic), latin, "{cyrillic}");
    }
}

#[test]
fn a_page_keeps_its_tags_its_code_and_what_is_marked_as_foreign() {
    let page = "<p lang=\"sr-Cyrl\">Текст <b>Њ</b>егош <code>команда</code> <i lang=\"ru\">мир <b>и</b> мир</i> и \
        <span lang=\"en\">Љ <q lang=\"sr\">љубав</q></span></p><p><a href=\"https://a.example/вест\" title=\"Вест о миру\">вест</a> \
        <img src=\"https://a.example/слика.jpg\" alt=\"Џип &gt; коњ\"><br>крај &amp; почетак</p>";
    let latin = "<p lang=\"sr-Latn\">Tekst <b>Nj</b>egoš <code>команда</code> <i lang=\"ru\">мир <b>и</b> мир</i> i \
        <span lang=\"en\">Љ <q lang=\"sr-Latn\">ljubav</q></span></p><p><a href=\"https://a.example/вест\" title=\"Vest o miru\">vest</a> \
        <img src=\"https://a.example/слика.jpg\" alt=\"Džip &gt; konj\"><br>kraj &amp; početak</p>";
    assert_eq!(html(page), latin);
    assert_eq!(html("<p><b>Њ</b>ЕГОШ</p>"), "<p><b>NJ</b>EGOŠ</p>");
}

#[test]
fn it_is_offered_for_serbian_in_cyrillic_alone() {
    let content = Content { title: "Вест".into(), ..Content::default() };
    let offered = |tag: &str, content: &Content| language(&tag.parse().unwrap(), content).map(|l| l.to_string());
    assert_eq!(offered("sr-Cyrl", &content).as_deref(), Some("sr-Latn"));
    assert_eq!(offered("sr", &content).as_deref(), Some("sr-Latn"));
    assert_eq!(offered("sr-Latn", &content), None);
    assert_eq!(offered("mk", &content), None);
    assert_eq!(offered("sr-Cyrl", &Content { title: "Vest".into(), ..Content::default() }), None);
}

#[test]
fn every_catalogue_of_the_house_agrees() {
    // Two hands wrote the same words in two scripts: what is transliterated here must be what stands there.
    let (cyrillic, latin) =
        (include_str!("../../../templates/i18n/sr-Cyrl.ftl"), include_str!("../../../templates/i18n/sr-Latn.ftl"));
    let mut compared = 0;
    for (cyrillic, latin) in cyrillic.lines().zip(latin.lines()) {
        if !cyrillic.starts_with('#')
            && !cyrillic.contains('{')
            && cyrillic.split(' ').next() == latin.split(' ').next()
        {
            assert_eq!(words(cyrillic), latin);
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared}");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic_and_nothing_is_lost(text in "\\PC{0,60}", page in "[<>a-z\"= Њљх/]{0,60}") {
        proptest::prop_assert!(text.is_empty() || !words(&text).is_empty());
        let _ = html(&page);
    }
}

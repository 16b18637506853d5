//! What was written and what is printed; what could run, and does not.
use super::*;

/// A source with one article, one picture and one drawing that is not given out.
struct Near;

impl Around for Near {
    fn find(&self, reference: &str) -> Found {
        match reference {
            "map.jpg" | "/images/map.jpg" | "my map.jpg" => Found::Asset(Asset {
                url: "https://n.example/media/1-map.jpg".into(),
                name: "1-map.jpg".into(),
                media_type: "image/jpeg".into(),
                bytes: 9,
                size: Some((800, 600)),
            }),
            "other.md" | "@/other.md" => Found::Page("https://n.example/articles/other".into()),
            "bad.svg" => Found::Refused("it holds a script".into()),
            _ => Found::Nothing,
        }
    }
    fn named(&self, name: &str) -> Found {
        if name == "other" { Found::Page("https://n.example/articles/other".into()) } else { Found::Nothing }
    }
}

fn rendered(body: &str, markup: Markup) -> (Rendered, Vec<String>) {
    let ground =
        Ground { site_url: "https://n.example", page: "https://n.example/articles/a", title: "A & B", around: &Near };
    let mut complaints = Complaints::of("a.md");
    let rendered = render(Source { markup, body, line: 5 }, &ground, &mut complaints);
    (rendered, complaints.into_faults().iter().map(ToString::to_string).collect())
}

fn html(body: &str) -> String {
    rendered(body, Markup::Markdown).0.html
}

#[test]
fn a_picture_is_decorative_where_somebody_wrote_so() {
    let decorative = |body: &str, markup| rendered(body, markup).0.decorative;
    let of = |name: &str| vec![format!("https://n.example/articles/{name}")];
    assert_eq!(decorative("A <img src=\"x.png\" alt=\"\"> b", Markup::Markdown), of("x.png"));
    assert_eq!(decorative("<p><img src='x.png' alt=' '></p>", Markup::Html), of("x.png"));
    for unsaid in ["![](x.png)", "![](x.png \"A title\")", "<img src=\"x.png\">", "![A boat](x.png)", "[![](x.png)](y)"]
    {
        assert_eq!(decorative(unsaid, Markup::Markdown), Vec::<String>::new(), "{unsaid}");
    }
    assert!(html("![](x.png)").contains(" alt=\"\""), "a page has the attribute in any case");
}

fn check(body: &str, expect: &str) {
    assert_eq!(html(body), expect, "{body}");
}

#[test]
fn markdown_is_rendered_with_tables_footnotes_and_raw_html() {
    check("a ~~b~~ <mark>c</mark>", "<p>a <del>b</del> <mark>c</mark></p>");
    assert!(html("|a|b|\n|-|-:|\n|1|2|").contains("<td align=\"right\">2</td>"));
    let notes = html("Word[^1].\n\n[^1]: The note.");
    assert!(
        notes.contains("href=\"https://n.example/articles/a#t-fn-1\"") && notes.contains("id=\"t-fn-1\""),
        "{notes}"
    );
    let toc = html("[to it](#the-end)\n\n## The end\n");
    assert!(
        toc.contains("href=\"https://n.example/articles/a#t-the-end\"")
            && toc.contains("<h2 id=\"t-the-end\">The end</h2>"),
        "{toc}"
    );
}

#[test]
fn every_address_is_absolute() {
    let check =
        |written: &str, expect: &str| check(&format!("[x]({written})"), &format!("<p><a href=\"{expect}\">x</a></p>"));
    check("https://example.org/a?b=1&amp;c=2", "https://example.org/a?b=1&amp;c=2");
    check("//cdn.example/a", "https://cdn.example/a");
    check("other.md#part", "https://n.example/articles/other#part");
    check("@/other.md", "https://n.example/articles/other");
    check("{{< ref \"other\" >}}", "https://n.example/articles/other");
    check("{% post_url other %}", "https://n.example/articles/other");
    check("/about/", "https://n.example/about/");
    check("../up", "https://n.example/up");
    check("?q=1", "https://n.example/articles/a?q=1");
    check("mailto:a@b.example", "mailto:a@b.example");
    check("{{ site.baseurl }}/about", "https://n.example/about");
    check("{{ \"/about/\" | url }}", "https://n.example/about/");
    check("<страна.html>", "https://n.example/articles/%D1%81%D1%82%D1%80%D0%B0%D0%BD%D0%B0.html");
    let (got, faults) = rendered(
        "<img src=map.jpg srcset='map.jpg 1x, /images/map.jpg 2x'>\n\n![alt](my%20map.jpg)\n\n![](gone.png)\n\n<blockquote cite='/x'>q</blockquote>",
        Markup::Markdown,
    );
    assert!(
        got.html.contains("srcset=\"https://n.example/media/1-map.jpg 1x, https://n.example/media/1-map.jpg 2x\""),
        "{}",
        got.html
    );
    assert!(
        got.html.contains("<img src=\"https://n.example/media/1-map.jpg\" alt=\"alt\" width=\"800\" height=\"600\">"),
        "{}",
        got.html
    );
    assert!(
        got.html.contains("src=\"https://n.example/articles/gone.png\"")
            && got.html.contains("cite=\"https://n.example/x\""),
        "{}",
        got.html
    );
    assert_eq!((got.assets.len(), got.unsettled), (1, false), "no article could be what is missing");
    assert_eq!(faults, ["a.md:9: the picture “gone.png” is not there"]);
}

#[test]
fn what_could_run_is_gone_and_embeds_are_links() {
    check("<script>alert(1)</script>\n\na", "<p>a</p>");
    check("<p onclick='x()' style='color:red' class='big question'>a</p>", "<p class=\"question\">a</p>");
    check("[x](javascript:alert(1))", "<p><a>x</a></p>");
    check("<a href='java\nscript:alert(1)'>x</a>", "<p><a>x</a></p>");
    check(
        "<iframe src=\"https://www.youtube.com/embed/abc123?rel=0\" title=\"The film\"></iframe>",
        "<p><a href=\"https://www.youtube.com/watch?v=abc123\">The film</a></p>",
    );
    check(
        "<video poster=map.jpg controls><source src=\"/film.mp4\">No video here</video>\n",
        "<p><a href=\"https://n.example/film.mp4\"><img src=\"https://n.example/media/1-map.jpg\" alt=\"\"><br>n.example/film.mp4</a></p>",
    );
    check("<form action=/x><input name=a><button>Go</button>Text</form>", "Text");
    check("a<svg onload=x><text>no</text></svg>", "<p>a</p>");
    let (got, faults) = rendered("![](bad.svg) ![](data:image/png;base64,AAAA)", Markup::Markdown);
    assert!(!got.html.contains("img"), "{}", got.html);
    assert_eq!(faults.len(), 2, "{faults:?}");
}

#[test]
fn pictures_with_a_caption_interviews_and_pull_quotes_get_their_shape() {
    check(
        "![Alt *text*](map.jpg \"The caption & more\")",
        "<figure><img src=\"https://n.example/media/1-map.jpg\" alt=\"Alt text\" width=\"800\" height=\"600\"><figcaption>The caption &amp; more</figcaption></figure>",
    );
    let talk = "EWB: How are you, since the small rooms were built?\n\nBG Romano: Well: the small rooms were built in a year and we like them.\n\n\
                More of it.\n\n> “The small rooms were built in a year.”\n\nEWB: And now?\n\nBG Romano: Tea.\n";
    let got = html(talk);
    assert!(got.contains("<p class=\"question\"><b class=\"who\">EWB:</b> How are you"), "{got}");
    assert!(got.contains("<p class=\"answer\"><b class=\"who\">BG Romano:</b> Well: the"), "{got}");
    assert!(got.contains("<p>More of it.</p>"), "{got}");
    assert!(got.contains("<blockquote class=\"pull\">"), "{got}");
    let bold = talk.replace("EWB:", "**Регионални преглед:**").replace("BG Romano:", "**Начелник**:");
    let got = html(&bold);
    assert!(got.contains("<p class=\"question\"><b class=\"who\">Регионални преглед:</b> How"), "{got}");
    assert!(got.contains("<p class=\"answer\"><b class=\"who\">Начелник:</b> Tea."), "{got}");
    for plain in
        ["Note: one?\n\nNote: two?\n\nWarning: three\n", "Time: 10:00\n\nPlace: here\n\nTime: 11:00\n\nPlace: there\n"]
    {
        assert!(!html(plain).contains("class="), "{plain}");
    }
    assert!(html("> [!pull] So be it.").contains("<blockquote class=\"pull\">"));
    assert!(!html("> [!pull] So be it.").contains("!pull"));
    assert!(!html("> Somebody else said this in a book.\n\nOther words.").contains("class="));
}

#[test]
fn tags_of_other_generators_become_html_or_go_with_a_word() {
    check(
        "{{< img src=\"map.jpg\" alt=\"A map\" >}}",
        "<p><img src=\"https://n.example/media/1-map.jpg\" alt=\"A map\" width=\"800\" height=\"600\"></p>",
    );
    check(
        "{{< figure src=\"map.jpg\" alt=\"A\" caption=\"C\" >}}",
        "<figure><img src=\"https://n.example/media/1-map.jpg\" alt=\"A\" width=\"800\" height=\"600\"><figcaption>C</figcaption></figure>",
    );
    assert!(html("{% image \"map.jpg\" \"A map\" %}").contains("alt=\"A map\""));
    assert!(html("{{ image(src=\"map.jpg\" classes=\"x\" caption=\"C\") }}").contains("<figcaption>C</figcaption>"));
    assert!(html("{% include figure.html src=\"map.jpg\" alt=\"A\" %}").contains("1-map.jpg"));
    check(
        "{{< youtube abc-1 >}}",
        "<p><a href=\"https://www.youtube.com/watch?v=abc-1\">youtube.com/watch?v=abc-1</a></p>",
    );
    assert!(html("{{< tweet user=\"a\" id=\"12\" >}}").contains("href=\"https://twitter.com/a/status/12\""));
    check("{{< box >}}\n\nText\n\n{{< /box >}}", "<p>Text</p>");
    check("{% highlight ruby %}\na {{ b }}\n{% endhighlight %}", "<pre><code>a {{ b }}\n</code></pre>");
    check("`{{ kept }}` and {{ page.title }}", "<p><code>{{ kept }}</code> and A &amp; B</p>");
    check("```\n{{< kept >}}\n```", "<pre><code>{{&lt; kept &gt;}}\n</code></pre>");
    check("Para\n{: .big #id}\n\n## Head {#own}\n", "<p>Para</p>\n<h2>Head <a id=\"t-own\"></a></h2>");
    check("{% raw %}{{ shown }}{% endraw %}", "<p>{{ shown }}</p>");
    check("* TOC\n{:toc}\n\nText", "<p>Text</p>");
    let (got, faults) = rendered(
        "One\n\n{{< chart data=\"x\" >}} and {{ site.pages | size }} <%= render 'x' %>{% include nav %}end",
        Markup::Markdown,
    );
    assert!(!got.html.contains(['{', '%']) && got.html.contains("end"), "{}", got.html);
    assert_eq!(faults.len(), 4, "{faults:?}");
    assert!(faults.iter().all(|f| f.starts_with("a.md:7: ")), "{faults:?}");
}

#[test]
fn the_words_alone_and_a_summary_of_them() {
    let (got, _) = rendered(
        "# Head\n\nOne *two*  \nthree.\n\n- a\n- b\n  1. c\n\n> quote\n\n```\ncode  x\n```\n\n|a|b|\n|-|-|\n|1|2|\n",
        Markup::Markdown,
    );
    assert_eq!(got.text, "Head\n\nOne two\nthree.\n\n- a\n- b\n  1. c\n\n> quote\n\ncode  x\n\na | b\n1 | 2");
    assert_eq!((got.heading.as_deref(), got.summary.as_str()), (Some("Head"), "One two three."));
    let (got, _) = rendered("The lead.\n\n<!-- more -->\n\nThe rest.", Markup::Markdown);
    assert_eq!(got.summary, "The lead.");
    let sentence = |n: usize| format!("This is sentence number {n} of several by Dr. Ana Jović, e.g. for 18. May. ");
    let long: String = (1..9).map(sentence).collect();
    let short = shorten(&long, 300);
    assert!(short.ends_with("18. May.") && short.chars().count() > 150 && short.chars().count() <= 300, "{short}");
    assert!(shorten(&"word ".repeat(100), 300).ends_with("word…"));
    assert_eq!(shorten(&"演".repeat(400), 300).chars().count(), 301);
    assert_eq!(shorten(&"Прва реченица је овде. ".repeat(20), 300).matches('.').count(), 13);
}

#[test]
fn titles_are_plain_and_on_one_line() {
    for (written, expect) in [
        ("A <em>B</em> &amp; C&#8217;s", "A B & C’s"),
        ("a < b and <reka> \"x\"", "a < b and <reka> \"x\""),
        ("One<br>two\n three", "One two three"),
        ("<script>alert(1)</script>", "alert(1)"),
        ("100% & more; ]]>", "100% & more; ]]>"),
        ("A\u{b}B\u{ad}C", "ABC"),
    ] {
        assert_eq!(line(written), expect);
    }
}

#[test]
fn nothing_hostile_survives() {
    let folder = std::env::var("HERALD_DATA").unwrap_or_else(|_| "../shared/data".to_owned());
    let folder = std::path::Path::new(&folder).join("hostile");
    if !folder.is_dir() {
        eprintln!("passed over: {} is not there", folder.display());
        return;
    }
    let mut count = 0;
    for file in ["dompurify-html", "owasp-xss", "patt-xss", "payloadbox-xss", "patt-xxe", "patt-crlf"] {
        let text = std::fs::read_to_string(folder.join(format!("{file}.json"))).unwrap();
        for case in serde_json::from_str::<Vec<serde_json::Value>>(&text).unwrap() {
            let payload = case["payload"].as_str().unwrap();
            for markup in [Markup::Markdown, Markup::Html] {
                harmless(&rendered(payload, markup).0.html, payload);
            }
            count += 1;
        }
    }
    assert!(count > 300);
}

/// Holds HTML against what may be printed, by a parser of its own.
fn harmless(html: &str, payload: &str) {
    walk(html, |piece| {
        let Piece::Start(tag) = piece else { return };
        assert!(
            ![
                "script", "style", "iframe", "object", "embed", "form", "svg", "math", "base", "meta", "link",
                "template", "input"
            ]
            .contains(&&*tag.name),
            "<{}> of {payload}: {html}",
            &*tag.name
        );
        for attribute in &tag.attrs {
            let (name, value) = (&*attribute.name.local, attribute.value.trim().to_lowercase());
            assert!(!name.starts_with("on") && name != "style" && name != "srcdoc", "{name} of {payload}: {html}");
            if matches!(name, "href" | "src" | "cite" | "srcset") {
                assert!(
                    ["http", "mailto:", "tel:", "geo:", "xmpp:", "sip:", "sms:", "ftp:"]
                        .iter()
                        .any(|s| value.starts_with(s)),
                    "{value} of {payload}: {html}"
                );
            }
        }
    });
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]
    #[test]
    fn no_text_makes_it_panic_or_lets_anything_run(
        text in "\\PC{0,80}",
        tags in "(\\{\\{|\\}\\}|\\{%|%\\}|<|>|\"|'|`|=|/|:|\\[|\\]|\\(|\\)|!|#|\n|[a-cšи ]|script|svg|style|onload|href|src|img|javascript:|end|raw|ref){0,40}",
    ) {
        for body in [&text, &tags] {
            for markup in [Markup::Markdown, Markup::Html] {
                harmless(&rendered(body, markup).0.html, body);
            }
            let _ = line(body);
        }
    }
}

#[test]
fn depth_and_size_are_no_trouble() {
    for bomb in [
        "<div>".repeat(60_000),
        "<b><i>".repeat(20_000),
        "> ".repeat(20_000),
        "[".repeat(50_000),
        "*a ".repeat(50_000),
        "{{".repeat(30_000),
        "`a".repeat(30_000),
        "<table><tr><td>".repeat(5_000),
    ] {
        let (got, _) = rendered(&format!("{bomb} end"), Markup::Markdown);
        assert!(got.html.contains("end"), "{}", &bomb[..20]);
    }
}

#[test]
fn a_reference_that_stands_by_itself_is_a_link_and_one_within_a_link_its_address() {
    let link = "<a href=\"https://n.example/articles/other\">n.example/articles/other</a>";
    for bare in ["{{< relref \"other\" >}}", "{{% ref \"other\" %}}", "{% post_url other %}", "{% link other %}"] {
        check(&format!("See {bare}, please."), &format!("<p>See {link}, please.</p>"));
        check(bare, &format!("<p>{link}</p>"));
        check(&format!("[a](/x) ({bare})"), &format!("<p><a href=\"https://n.example/x\">a</a> ({link})</p>"));
        let there = "<p><a href=\"https://n.example/articles/other\">a</a></p>";
        check(&format!("[a]({bare})"), there);
        check(&format!("[a]\n\n[a]: {bare}"), there);
        check(&format!("<a href=\"{bare}\">a</a>"), there);
    }
    let (got, faults) = rendered("See {{< relref \"gone.md\" >}}.", Markup::Markdown);
    assert!(got.text == "See gone.md." && !got.html.contains("x-page"), "{}", got.html);
    assert_eq!(faults, ["a.md:5: the link leads to “gone.md”, and no article of this source is called so"]);
}

#[test]
fn a_made_summary_is_of_running_text_alone() {
    let film = "{{< youtube abc123 >}}";
    let figure = "{{< figure src=\"map.jpg\" caption=\"Cap\" >}}";
    for (body, summary) in [
        (format!("Text and\n\n{figure}\n\n{film}\n\nmore."), "Text and more."),
        (format!("Text and\n\n![alt](map.jpg \"Cap\")\n\n{film}"), "Text and"),
        (format!("Text and\n{figure}\n{film}\n"), "Text and"),
        (format!("{figure}\n\n{film}"), ""),
        (format!("Text and\n\n{figure}\n\n{film}\n\n<!-- more -->\n\nLater."), "Text and"),
        ("Read [the report](/r) and <https://n.example/long/address>.".to_owned(), "Read the report and ."),
        ("- one\n- two".to_owned(), "one two"),
        ("# Heading\n\nWords\n\n> Said".to_owned(), "Words"),
    ] {
        let got = rendered(&body, Markup::Markdown).0;
        assert_eq!(got.summary, summary, "{body}\n{}", got.html);
    }
}

#[test]
fn no_character_turns_a_text_around() {
    let got = rendered("a \u{202E}txt.exe &#x202E;b \u{2067}\u{5D0}\u{2069}", Markup::Markdown).0;
    assert_eq!(got.html, "<p>a txt.exe b \u{2067}\u{5D0}\u{2069}</p>");
    assert_eq!(got.summary, "a txt.exe b \u{2067}\u{5D0}\u{2069}");
    assert_eq!(line("A\u{202E}b \u{200F}c"), "Ab \u{200F}c");
}

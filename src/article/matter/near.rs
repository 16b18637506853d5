//! Keys that nobody reads, and that look like one that would be read: a slip of the hand in `draft` must not publish.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::keys::{self, ALL, EXTRA, Key};
use super::tree::plain_key;
use super::{Complaints, Matter, Node, Settings, Value};

/// Keys of Hugo, Jekyll, Zola, Eleventy, Pelican, Docusaurus, Obsidian and their themes that say nothing to a publisher, and
/// plain words, as far as they are near to one that does.
const OTHERS: &str = "
    action actions aliases alias area areas article articles aside asset assets audience audio audios authorlink authors
    authorurl autor autors base body book books builder builds captions cascade categorie chapter check class
    classes code color colour comment commentable comments commentson content contents contributor contributors copyright
    course coverheight coverwidth craft credits css cssclass cssclasses customcss data datasets dates dateformat
    day days debug deprecated desc desk dir discussion disqus edit edition editor editors end enddate entry event2
    eventname events eventtime eventtype eventurl eventvenue excerptseparator extracss extrajs faq featured feature
    features feed feeds field fields file files filter filters footer form format full gallery gender genre goal guide
    guides hashtags head headers heading headings headlines height hide hidedate hidemeta hidetitle hidetoc home
    icon icons identifier imagecredits imageheight imagelink imageurl imagewidth imgs index insearchindex
    invisible isbn iscjklanguage issue issues item items javascript job jobs js keyword kicker kind label labels
    land languages languagecode last late latex layout layouts leader leads letter level license licence line link
    links linktitle list lists load local locales locals location locations login logo long lot main map maps mate math
    mathjax media member members menu menus meta metadata method metrics mode month more name names nav navigation new news
    next nocomments nodate noindex note notes number ogdescription ogtitle ogtype ogurl on order orders original
    outputs outdated output over page pages pagetemplate pagetitle pagination paginate paginateby parent part partner
    partners parts paths people permalinks person phone photos photographers pictures pin pinned pinterest place
    places podcast portal position post posts preface prev previews previous price print printable profile project
    projects promo promoted publications publication publisher publishers pubs rank rate rating raw read reader readers
    readingtime readmore ready record redirect redirectfrom redirectto redirects reference references refs region
    related release released releases rel rendered renderer report reports resource resources result review reviewed
    reviewer reviews robots role row rss rtl sample schema scripts search searchable section sender sent seo
    series share sharing short shortname show showauthor showdate showtoc sidebar site sitemap size slide slides
    slugs snippet social sort sortby source sources sourceurl sponsor sponsors start startdate state states stats
    sticky story street style styles stylesheet subheadline subhead subject subtitle subtitles surtitle syndicate
    tab table tabs tagline tagged talk target team teams teamurl teasers template templateengine templates test text
    texts theme themes thumbnails thumbs timeline times timetoread timezone titleimg titleseparator titles toc
    toctitle tool tools top trans translation translations translationslug translator translators transparent transport
    tumblrurl twitter type types update updates urls user users uses uuids vars version video videos view viewmap
    views volume weight width words wordcount world writers year years zip";

static OTHER: LazyLock<HashSet<&str>> = LazyLock::new(|| OTHERS.split_whitespace().collect());

/// Says which keys of a file are most probably meant for others; one that would then hold the article back keeps it out.
pub(super) fn look(root: &Node, around: &[&Node], settings: Settings, complaints: &mut Complaints) {
    for (name, node) in strangers(root) {
        let near = near(name);
        let Some((_, nearest)) = near.first() else { continue };
        match near.iter().find(|(key, known)| would_hold(key, known, node, settings)) {
            Some((_, known)) => complaints.refuse(node.line, meant(name, known)),
            None => complaints
                .warn(node.line, format!("the key `{name}` is not known, and says nothing; did you mean `{nearest}`?")),
        }
    }
    // In these places everybody has keys of their own; only what would have held the article is asked about.
    let within = EXTRA.names.iter().filter_map(|key| root.get(&[key])).map(|node| (node, true));
    for (map, own) in within.chain(around.iter().map(|node| (*node, false))) {
        for (name, node) in strangers(map) {
            if let Some((_, known)) = near(name).iter().find(|(key, known)| would_hold(key, known, node, settings)) {
                let from = if own { "" } else { "what is said for its whole folder: " };
                complaints.refuse(own.then_some(node.line), format!("{from}{}", meant(name, known)));
            }
        }
    }
}

fn meant(name: &str, known: &str) -> String {
    format!(
        "the key `{name}` is not known; if it means `{known}`, it holds the article, which is left out until that is \
         sure: write `{known}`, or take the line away"
    )
}

/// The entries of a map whose keys nobody knows.
fn strangers(map: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let entries = if let Value::Map(entries) = &map.value { entries.as_slice() } else { &[] };
    let known = |name: &str| keys::known(name).is_some() || OTHER.contains(plain_key(name).as_str());
    entries.iter().map(|(name, node)| (name.as_str(), node)).filter(move |(name, _)| !known(name))
}

/// The keys that a name is near to, the nearest first.
fn near(name: &str) -> Vec<(&'static Key, &'static str)> {
    let name = plain_key(name);
    let mut found: Vec<(usize, &'static Key, &'static str)> = Vec::new();
    for key in ALL {
        for known in key.names {
            let plain = plain_key(known);
            let slips = match (plain.len(), key.holds.is_some()) {
                (0..=3, _) => continue,
                (4..=5, _) | (6..=7, false) => 1,
                _ => 2,
            };
            // Far apart in length is far apart.
            if plain.len().abs_diff(name.len()) > 2 * slips {
                continue;
            }
            let distance = strsim::osa_distance(&name, &plain);
            if distance <= slips {
                found.push((distance, key, known));
            }
        }
    }
    found.sort_by_key(|(distance, ..)| *distance);
    found.into_iter().map(|(_, key, known)| (key, known)).collect()
}

/// Whether what is written here would hold the article back under the name that was probably meant.
fn would_hold(key: &Key, known: &str, node: &Node, settings: Settings) -> bool {
    let alone = Node { line: node.line, value: Value::Map(vec![(known.to_owned(), node.clone())]) };
    let mut complaints = Complaints::of("");
    let matter = Matter::read(&alone, &[], settings, &mut complaints);
    let later = |at: Option<crate::clock::Instant>| at.is_some_and(|at| at > settings.now);
    matter.draft
        || matter.withdrawn.is_some()
        || later(matter.embargo)
        || later(matter.published)
        // A date that cannot be read: of an embargo it is one all the same.
        || complaints.is_refused() && key.names.contains(&"embargo")
}

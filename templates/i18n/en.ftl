### Herald in English. A message that another language lacks is said as here.

## The language

language-self = English
language-en = English
language-sr-Latn = Serbian, Latin script
language-sr-Cyrl = Serbian, Cyrillic script

## Numbers and dates

number-group = ,
number-decimal = .

weekday-1 = Monday
weekday-2 = Tuesday
weekday-3 = Wednesday
weekday-4 = Thursday
weekday-5 = Friday
weekday-6 = Saturday
weekday-7 = Sunday

month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December

month-1-inside = January
month-2-inside = February
month-3-inside = March
month-4-inside = April
month-5-inside = May
month-6-inside = June
month-7-inside = July
month-8-inside = August
month-9-inside = September
month-10-inside = October
month-11-inside = November
month-12-inside = December

date-full = { $weekday }, { $day } { $month } { $year }
date-long = { $day } { $month } { $year }
date-inside = { $day } { $month } { $year }
date-month = { $month } { $year }
date-short = { $day } { $month }
date-with-time = { $date }, { $time }

## Mail

mail-role = e-mail
mail-number = No. { $number }
mail-also = Also:
mail-why = You get “{ $title }” because this address is on its list.
mail-why-signed-up = You get “{ $title }” because you signed up for it on { $date }.
mail-why-added = You get “{ $title }” because you were added to its list. Origin: { $origin }
mail-preferences = Preferences: topics, language, how often
mail-unsubscribe = Unsubscribe from “{ $title }”
mail-browser = View this mail in a browser
mail-read-on = Read the article on { $host }
mail-story-by = Story by { $authors }
mail-photo = Photo:
mail-correction = Correction
mail-update = Update
mail-withdrawn = Withdrawn
mail-withdrawn-text = We have withdrawn “{ $headline }” (published: { $date }). Reason: { $reason }. Please do not use or quote it.
mail-correction-subject = Correction: { $headline }
mail-told-error = “{ $headline }” (sent: { $date }) contained an error.
mail-told-wrong = We wrote:
mail-told-right = It should say:
mail-told-sorry = The article has been corrected. We apologise.
mail-told-why = You get this because you were sent the first version.
mail-told-why-withdrawn = You get this because you were sent the article.
mail-told-browser = View the first version in a browser, with this correction
mail-withdrawn-subject = Withdrawn: { $headline }
mail-withdrawn-bare = We have withdrawn “{ $headline }” (published: { $date }). Please do not use or quote it.
mail-test-subject = [TEST] { $subject }
mail-test-head = Test copy, for: { $person }. Not sent to subscribers.
mail-test-text = This is how it would look now. Recipients: { $number }. Language: { $language }. The links for leaving and for preferences do nothing in a test copy.
mail-sandbox = Trial run: this newsroom is being set up. Links may not lead anywhere yet.
mail-embargo = EMBARGOED UNTIL { $time } ({ $zone })

## Feeds

feed-wrong-right = We wrote: { $wrong }. It should say: { $right }.
feed-also-in = Also in:
feed-ended = This feed has ended: { $title }
feed-ended-text = This feed ended on { $date }. It takes nothing new, and after 30 days it will be gone. Our other feeds:

## The public site

site-skip = Skip to the text
site-language = Language
site-sections = Sections
site-way = Where you are
site-news = News
site-newsroom = Newsroom
site-latest = Latest news
site-archive = News archive
site-archive-short = Archive
site-feeds = Feeds
site-contact = Contact
site-privacy = How we use your data
site-no-news = Nothing has been published here yet.

site-month-in-1 = January
site-month-in-2 = February
site-month-in-3 = March
site-month-in-4 = April
site-month-in-5 = May
site-month-in-6 = June
site-month-in-7 = July
site-month-in-8 = August
site-month-in-9 = September
site-month-in-10 = October
site-month-in-11 = November
site-month-in-12 = December
site-month-all = { $count ->
    [one] The article of { $month }
   *[other] All { $count } articles of { $month }
}
site-count = { $count ->
    [one] { $count } article
   *[other] { $count } articles
}
site-archive-of = News archive { $when }
site-archive-month = { $month } { $year }
site-archive-lede = { $count ->
    [one] { $count } article, { $span }.
   *[other] { $count } articles, { $span }.
}
site-archive-search = Search all of them for a word
site-years = Years
site-months = Other months
site-pages = Pages
site-newer = Newer
site-older = Older
site-topic-empty = Nothing has been published under this topic yet.

site-wrong-right = We wrote: { $wrong }. It should say: { $right }.
site-withdrawn-text = We have withdrawn “{ $headline }” (published: { $date }). Reason: { $reason }. Please do not use or quote it. This notice stays in its place.
site-ahead = This version has not yet been corrected. The corrected one:
site-behind = not yet corrected
site-published = Published
site-updated = Updated
site-corrected = Corrected
site-first-appeared = First appeared in
site-also-in = Also in
site-topics = Topics

site-follow = How to follow
site-follow-feed = In a feed reader
site-follow-feed-text = Every article once, with its corrections. No account, no address.
site-follow-feeds = All feeds and how they work
site-follow-mail = By e-mail
site-follow-mail-text = We send: { $titles }. Write to us and we add your address. You can leave at any time.
site-follow-write = Write to us

site-feed = Feed
site-formats = Formats
site-feeds-lede = A feed brings our news to a program of your choice, a feed reader. You give no address, nobody counts what you read, and you leave by removing it.
site-feeds-how = How to subscribe
site-step-open = Open your feed reader. If you have none, many mail programs and browsers have one, and there are good free ones for every telephone.
site-step-add = Choose “Add a feed” there and paste this address:
site-step-done = Done. What we publish and what we correct appears there by itself.
site-feeds-which = Which feed
site-feeds-same = All formats carry the same. If your reader doesn’t mind, take Atom.
site-feeds-opml = All feeds as one file (OPML), for readers that take many at once
site-feeds-expect = What to expect
site-feeds-expect-text = Every article comes once and keeps its identity, also when its title changes. A corrected one comes again with the correction at its top; a withdrawn one is replaced by a notice.
site-feeds-use = Using our news
site-feeds-use-text = Texts may be reprinted with the source: { $publisher }. Please look for corrections before you do. Pictures: as their credits say.
site-feed-newest = Newest
site-feed-empty = There is nothing in this feed yet. Subscribe, and the first article comes by itself.

site-missing = This page does not exist
site-missing-text = The address may have been mistyped, or it is that of an article that is not published. From here you can go on to:
site-gone = This page is no more
site-gone-text = What stood here was removed. From here you can go on to:
site-broken = Something went wrong here
site-broken-text = It is our fault, not yours, and it has been noted. Please try again in a few minutes, or go on to:
site-busy = Too many requests
site-busy-text = More was asked from your address than is good for everybody else. Please wait a minute and try again, or go on to:
site-error-write = If you think that something should be here, write to us:
site-edition-empty = Nothing of this edition can be shown any more.

site-privacy-lede = Who is responsible: { $publisher }. What we keep of you, why, and how to have it changed.
site-privacy-reading = If you read here
site-privacy-reading-text = These pages set no cookies and run no scripts. We keep no record of who reads what, and feeds ask for no address.
site-privacy-mail = If you get mail from us
site-privacy-mail-text = We use your address only to send you what you are on the list for, and keep:
site-privacy-keep-address = your address, and the name, language and other details on the list;
site-privacy-keep-choice = what you chose and when you left;
site-privacy-keep-consent = when and how you agreed, where you did;
site-privacy-keep-sent = which editions were sent to you, when, and what the mail server answered.
site-privacy-opened = Our mails don’t tell us whether you open them, and their links are the same for everybody, except those for leaving and for your choices.
site-privacy-why = Why we may write to you
site-basis-consent = You agreed to it.
site-basis-public-task = It is part of our public task.
site-basis-legitimate-interest = We have a legitimate interest, against which you can object.
site-privacy-origin = Where the addresses come from: { $origin }.
site-privacy-rights = Your rights
site-privacy-leave = Every mail has a link for leaving. It needs no account, takes one press, and stays valid for years. If you leave, we keep your address only so as not to write to you again.
site-privacy-ask = You can ask what we hold about you, have it corrected or erased, and complain to the data protection authority. Write to us:

site-search = Search
site-search-news = Search the news
site-search-words = Words to look for
site-search-do = Search
site-search-of = { $words }: search
site-search-topic = Topic
site-search-any-topic = Any topic
site-search-year = Year
site-search-any-year = Any year
site-search-many = More than { $count } articles
site-search-none = Nothing was found
site-search-before = Previous
site-search-after = Next
site-search-others = In other languages:
site-search-try-fewer = Try fewer words: an article has to have all of them.
site-search-try-beginning = Try the beginning of a word: “bridge” finds “bridges” too.
site-search-try-wider = Look in all topics and years
site-search-try-archive = Look through the archive by year and month
site-search-how = Words are found in titles, summaries and texts, whichever alphabet you type in. To find an exact phrase, put it in quotation marks.

site-accessibility = Accessibility
site-access-pledge = { $publisher } wants everybody to be able to read these pages, as Directive (EU) 2016/2102 and the standard EN 301 549 ask. This statement is about all public pages at this address.
site-access-status = How far we are
site-access-full = These pages meet level AA of the Web Content Accessibility Guidelines (WCAG) 2.2 in full.
site-access-partial = These pages meet level AA of the Web Content Accessibility Guidelines (WCAG) 2.2 in part: what is named below is missing.
site-access-none = These pages do not yet meet level AA of the Web Content Accessibility Guidelines (WCAG) 2.2: what is named below is missing.
site-access-missing = What is not accessible
site-access-missing-text = Some of what we publish may lack what it should have:
site-access-pictures = pictures that came to us without a description (WCAG 1.1.1);
site-access-films = films and recordings without captions or a text version (WCAG 1.2), and documents that a screen reader does not read well;
site-access-old = texts from before these pages, whose headings and tables we took over as they were (WCAG 1.3.1);
site-access-others = pages of others to which we link: they are outside what we can change.
site-access-prepared = How this statement was made
site-access-prepared-text = By self-assessment. Each kind of page is tested by program in each language: in a browser, in light and dark, in windows of 320, 360 and 1280 pixels, and with text at twice its size. No script is needed to read anything here.
site-access-feedback = Tell us
site-access-feedback-text = If you cannot read something here, or need it in another form (large print, plain text, read aloud), write to us or ring us and we will see to it.
site-access-enforcement = If our answer does not help
site-access-authority = You can turn to:
site-access-enforcement-text = You can turn to the authority that watches over the accessibility of public pages in your country, or to the ombudsman.

## Leaving and preferences

people-ask = Leave “{ $title }”?
people-ask-text = It comes to { $address }. Press “Leave” and no more of it will. Nothing changes until you do.
people-leave = Leave
people-left = You have left “{ $title }”
people-left-text = You will get no more of it; a copy already on its way may still arrive.
people-left-mistake = By mistake? Press “Undo”. To stop everything we send, press “Leave all”.
people-undo = Undo
people-leave-all = Leave all
people-all = You have left everything
people-all-text = You will get nothing more from us; a copy already on its way may still arrive.
people-all-mistake = By mistake? Press “Undo”.
people-again = You get “{ $title }” again
people-again-text = It comes to { $address } as before.
people-feed = Without an address
people-feed-text = In a feed reader the same news comes without our knowing your address.
people-forgotten = Nothing more is sent
people-forgotten-text = We no longer have this address, and nothing more is sent to it.
people-lost = This link does not work
people-lost-text = It may have been cut off when it was copied. Open it once more from the mail itself, or write to us and we take your address off.
people-test = This is a test copy
people-test-text = The links for leaving and for preferences do nothing in a test copy.
people-choices = Your choices for { $address }
people-choices-text = Tick what you want, then press “Save”. Nothing changes until you do.
people-newsletters = What you want
people-everything = Everything
people-everything-hint = Also topics that come later
people-language-hint = A story that isn’t translated comes in its own language.
people-save = Save
people-saved = Saved.
people-no-topic = Nothing was changed: tick a topic or “Everything”. To get nothing more, untick the newsletter.

## Mail to staff

staff-waits-subject = { $title } No. { $number } waits for approval
staff-waits = { $title } No. { $number } waits for your approval.
staff-again = What had been approved was taken back, because one of its articles has changed since.
staff-subject = Subject: { $subject }
staff-people = { $count ->
    [one] Goes to { $count } person.
   *[other] Goes to { $count } people.
}
staff-time = Its time: { $time }
staff-at-once = It goes as soon as it is approved.
staff-needs = { $count ->
    [one] It needs one person who did not make it.
   *[other] It needs { $count } people who did not make it.
}
staff-link = Look at it here: { $link }
staff-command = Look at it: { $command }
staff-approve = Approve it: { $command }
staff-alone-subject = { $title } No. { $number } was sent without approval
staff-alone = { $name } sent { $title } No. { $number } alone, without the approval of others.
staff-reason = The reason given: { $reason }

alarm-subject = Alarm: { $what }
alarm-over-subject = Over: { $what }
alarm-held = { $title } No. { $number } was due at { $time } and is held
alarm-waits = { $title } No. { $number } was due at { $time } and waits for approval
alarm-stopped = { $title } No. { $number } was stopped before everybody had it
alarm-stuck = { $title } No. { $number } was due at { $time } and nothing of it has left
alarm-failed = The edition of { $title } could not be made
alarm-relay = No mail server takes our mail
alarm-returns = What comes back to us cannot be read
alarm-reason = Why, in the words of the log: { $reason }
alarm-over = That is over since { $time }.

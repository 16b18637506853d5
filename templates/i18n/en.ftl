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
mail-withdrawn = Withdrawn
mail-withdrawn-text = We have withdrawn “{ $headline }” (published: { $date }). Reason: { $reason }. Please do not use or quote it.
mail-test-subject = [TEST] { $subject }
mail-test-head = Test copy, for: { $person }. Not sent to subscribers.
mail-test-text = This is how it would look now. Recipients: { $number }. Language: { $language }. The links for leaving and for preferences do nothing in a test copy.
mail-sandbox = Trial run: this newsroom is being set up. Links may not lead anywhere yet.

## Feeds

feed-wrong-right = We wrote: { $wrong }. It should say: { $right }.
feed-also-in = Also in:

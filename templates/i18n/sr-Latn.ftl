### Herald na srpskom, latinicom. Datoteka sr-Cyrl.ftl je njeno tačno preslovljavanje.

## Jezik

language-self = Srpski
language-en = engleski
language-sr-Latn = srpski, latinica
language-sr-Cyrl = srpski, ćirilica

## Brojevi i datumi

number-group = .
number-decimal = ,

weekday-1 = ponedeljak
weekday-2 = utorak
weekday-3 = sreda
weekday-4 = četvrtak
weekday-5 = petak
weekday-6 = subota
weekday-7 = nedelja

month-1 = januar
month-2 = februar
month-3 = mart
month-4 = april
month-5 = maj
month-6 = jun
month-7 = jul
month-8 = avgust
month-9 = septembar
month-10 = oktobar
month-11 = novembar
month-12 = decembar

month-1-inside = januara
month-2-inside = februara
month-3-inside = marta
month-4-inside = aprila
month-5-inside = maja
month-6-inside = juna
month-7-inside = jula
month-8-inside = avgusta
month-9-inside = septembra
month-10-inside = oktobra
month-11-inside = novembra
month-12-inside = decembra

date-full = { $weekday }, { $day }. { $month } { $year }.
date-long = { $day }. { $month } { $year }.
date-inside = { $day }. { $month } { $year }.
date-month = { $month } { $year }.
date-short = { $day }. { $month }
date-with-time = { $date } u { $time }

## Pošta

mail-role = poruka
mail-number = Broj { $number }
mail-also = U ovom broju i:
mail-why = Ovo primate jer je vaša adresa na spisku za bilten „{ $title }”.
mail-why-signed-up = Ovo primate jer ste se { $date } pretplatili na bilten „{ $title }”.
mail-why-added = Ovo primate jer ste dodati na spisak za bilten „{ $title }”. Poreklo: { $origin }
mail-preferences = Podešavanja: teme, jezik, učestalost
mail-unsubscribe = Otkažite pretplatu na bilten „{ $title }”
mail-browser = Pogledajte ovu poruku u pregledaču
mail-read-on = Pročitajte ceo tekst: { $host }
mail-story-by = Tekst: { $authors }
mail-photo = Foto:
mail-correction = Ispravka
mail-withdrawn = Povučeno
mail-withdrawn-text = Povukli smo vest „{ $headline }” (objavljena: { $date }). Razlog: { $reason }. Molimo vas da je ne koristite i ne citirate.
mail-test-subject = [PROBA] { $subject }
mail-test-head = Probni primerak, za: { $person }. Nije poslat pretplatnicima.
mail-test-text = Ovako bi sada izgledao. Primalaca: { $number }. Jezik: { $language }. Linkovi za otkazivanje i podešavanja u probnom primerku ne rade.
mail-sandbox = Probni rad: ova redakcija se tek podešava. Linkovi možda još ne vode nikuda.

## Kanali

feed-wrong-right = Pisalo je: { $wrong }. Treba da stoji: { $right }.
feed-also-in = Na drugim jezicima:

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
mail-update = Dopuna
mail-withdrawn = Povučeno
mail-withdrawn-text = Povukli smo vest „{ $headline }” (objavljena: { $date }). Razlog: { $reason }. Molimo vas da je ne koristite i ne citirate.
mail-correction-subject = Ispravka: { $headline }
mail-told-error = U vesti „{ $headline }” (poslata: { $date }) bila je greška.
mail-told-wrong = Pisalo je:
mail-told-right = Treba da stoji:
mail-told-sorry = Vest je ispravljena. Izvinjavamo se.
mail-told-why = Ovo primate jer smo vam poslali prvu verziju.
mail-told-why-withdrawn = Ovo primate jer smo vam tu vest poslali.
mail-told-browser = Pogledajte prvu verziju u pregledaču, sa ovom ispravkom
mail-withdrawn-subject = Povučeno: { $headline }
mail-withdrawn-bare = Povukli smo vest „{ $headline }” (objavljena: { $date }). Molimo vas da je ne koristite i ne citirate.
mail-test-subject = [PROBA] { $subject }
mail-test-head = Probni primerak, za: { $person }. Nije poslat pretplatnicima.
mail-test-text = Ovako bi sada izgledao. Primalaca: { $number }. Jezik: { $language }. Linkovi za otkazivanje i podešavanja u probnom primerku ne rade.
mail-sandbox = Probni rad: ova redakcija se tek podešava. Linkovi možda još ne vode nikuda.
mail-embargo = EMBARGO DO { $time } ({ $zone })

## Kanali

feed-wrong-right = Pisalo je: { $wrong }. Treba da stoji: { $right }.
feed-also-in = Na drugim jezicima:
feed-ended = RSS kanal je ugašen: { $title }
feed-ended-text = Ovaj RSS kanal je ugašen ({ $date }). Ništa novo više ne stiže u njega, a posle 30 dana biće uklonjen. Naši drugi kanali:

## Javne strane

site-skip = Pređite na tekst
site-language = Jezik
site-sections = Odeljci
site-way = Gde ste
site-news = Vesti
site-newsroom = Vesti
site-latest = Najnovije vesti
site-archive = Arhiva vesti
site-archive-short = Arhiva
site-feeds = RSS kanali
site-contact = Kontakt
site-privacy = Kako koristimo vaše podatke
site-no-news = Ovde još ništa nije objavljeno.

site-month-in-1 = januara
site-month-in-2 = februara
site-month-in-3 = marta
site-month-in-4 = aprila
site-month-in-5 = maja
site-month-in-6 = juna
site-month-in-7 = jula
site-month-in-8 = avgusta
site-month-in-9 = septembra
site-month-in-10 = oktobra
site-month-in-11 = novembra
site-month-in-12 = decembra
site-month-all = { $count ->
    [one] { $count } vest iz { $month }
    [few] Sve { $count } vesti iz { $month }
   *[other] Svih { $count } vesti iz { $month }
}
site-count = { $count ->
    [one] { $count } vest
    [few] { $count } vesti
   *[other] { $count } vesti
}
site-archive-of = Arhiva vesti { $when }.
site-archive-month = { $month } { $year }.
site-archive-lede = { $count ->
    [one] { $count } vest, { $span }.
    [few] { $count } vesti, { $span }.
   *[other] { $count } vesti, { $span }.
}
site-archive-search = Potražite reč u svim vestima
site-years = Godine
site-months = Drugi meseci
site-pages = Strane
site-newer = Novije
site-older = Starije
site-topic-empty = Na ovu temu još ništa nije objavljeno.

site-wrong-right = Pisalo je: { $wrong }. Treba da stoji: { $right }.
site-withdrawn-text = Povukli smo vest „{ $headline }” (objavljena: { $date }). Razlog: { $reason }. Molimo vas da je ne koristite i ne citirate. Ovo obaveštenje ostaje na njenom mestu.
site-ahead = Ova verzija još nije ispravljena. Ispravljena:
site-behind = još nije ispravljeno
site-published = Objavljeno
site-updated = Dopunjeno
site-corrected = Ispravljeno
site-first-appeared = Prvi put objavljeno
site-also-in = Drugi jezici
site-topics = Teme

site-follow = Kako da nas pratite
site-follow-feed = U RSS čitaču
site-follow-feed-text = Svaka vest jednom, sa ispravkama. Bez naloga i bez adrese.
site-follow-feeds = Svi kanali i kako rade
site-follow-mail = E-poštom
site-follow-mail-text = Šaljemo: { $titles }. Pišite nam i dodaćemo vašu adresu. Pretplatu možete da otkažete u svakom trenutku.
site-follow-write = Pišite nam

site-feed = RSS kanal
site-formats = Formati
site-feeds-lede = RSS kanal donosi naše vesti u program koji sami izaberete, u RSS čitač. Ne dajete adresu, niko ne broji šta čitate, a kanal napuštate tako što ga obrišete.
site-feeds-how = Kako da se pretplatite
site-step-open = Otvorite svoj RSS čitač. Ako ga nemate, imaju ga mnogi programi za poštu i pregledači, a za svaki telefon postoje dobri i besplatni.
site-step-add = U njemu izaberite dodavanje kanala i nalepite ovu adresu:
site-step-done = Gotovo. Ono što objavimo i ono što ispravimo pojaviće se samo.
site-feeds-which = Koji kanal
site-feeds-same = U svim formatima je isto. Ako je vašem čitaču svejedno, uzmite Atom.
site-feeds-opml = Svi kanali u jednoj datoteci (OPML), za čitače koji uzimaju više kanala odjednom
site-feeds-expect = Šta da očekujete
site-feeds-expect-text = Svaka vest stiže jednom i ostaje ista vest i kad joj se promeni naslov. Ispravljena stiže ponovo, sa ispravkom na početku; umesto povučene stoji obaveštenje.
site-feeds-use = Korišćenje naših vesti
site-feeds-use-text = Tekstovi se mogu preneti uz navođenje izvora: { $publisher }. Pre toga pogledajte ima li ispravki. Fotografije: kako piše uz njih.
site-feed-newest = Najnovije
site-feed-empty = U ovom kanalu još nema ničega. Pretplatite se i prva vest stiže sama.

site-missing = Ova strana ne postoji
site-missing-text = Adresa je možda pogrešno otkucana ili je to adresa vesti koja nije objavljena. Odavde možete dalje:
site-gone = Ove strane više nema
site-gone-text = Ono što je stajalo ovde uklonjeno je. Odavde možete dalje:
site-broken = Ovde je nešto pošlo naopako
site-broken-text = Greška je naša, a ne vaša, i zabeležena je. Pokušajte ponovo za nekoliko minuta ili pođite dalje:
site-busy = Previše upita
site-busy-text = S vaše adrese stiglo je više upita nego što je dobro za ostale. Sačekajte minut i pokušajte ponovo ili pođite dalje:
site-error-write = Ako mislite da bi ovde nešto trebalo da bude, pišite nam:
site-edition-empty = Od ovog broja više ništa ne može da se prikaže.

site-privacy-lede = Odgovoran je: { $publisher }. Šta o vama čuvamo, zašto i kako da se to promeni.
site-privacy-reading = Ako čitate ovde
site-privacy-reading-text = Ove strane ne postavljaju kolačiće i ne pokreću skripte. Ne beležimo ko šta čita, a RSS kanali ne traže adresu.
site-privacy-mail = Ako od nas dobijate poštu
site-privacy-mail-text = Vašu adresu koristimo samo da vam šaljemo ono za šta ste na spisku, a čuvamo:
site-privacy-keep-address = vašu adresu, kao i ime, jezik i druge podatke sa spiska;
site-privacy-keep-choice = šta ste izabrali i kada ste otkazali pretplatu;
site-privacy-keep-consent = kada ste i kako pristali, ako jeste;
site-privacy-keep-sent = koja izdanja su vam poslata, kada i šta je server za poštu odgovorio.
site-privacy-opened = Iz naših poruka ne saznajemo da li ste ih otvorili, a linkovi u njima isti su za sve, osim linkova za otkazivanje i za vaš izbor.
site-privacy-why = Zašto smemo da vam pišemo
site-basis-consent = Pristali ste na to.
site-basis-public-task = To je deo našeg javnog zadatka.
site-basis-legitimate-interest = Imamo legitiman interes, a vi možete da uložite prigovor.
site-privacy-origin = Poreklo adresa: { $origin }.
site-privacy-rights = Vaša prava
site-privacy-leave = U svakoj poruci je link za otkazivanje. Ne traži nalog, dovoljan je jedan pritisak i važi godinama. Kad otkažete pretplatu, adresu čuvamo samo da vam ne bismo ponovo pisali.
site-privacy-ask = Možete da pitate šta o vama imamo, da tražite ispravku ili brisanje i da se obratite organu za zaštitu podataka. Pišite nam:

site-search = Pretraga
site-search-news = Pretraga vesti
site-search-words = Reči koje tražite
site-search-do = Traži
site-search-of = { $words }: pretraga
site-search-topic = Tema
site-search-any-topic = Sve teme
site-search-year = Godina
site-search-any-year = Sve godine
site-search-many = Više od { $count } vesti
site-search-none = Ništa nije nađeno
site-search-before = Prethodno
site-search-after = Sledeće
site-search-others = Na drugim jezicima:
site-search-try-fewer = Upišite manje reči: vest mora da ima sve.
site-search-try-beginning = Upišite samo početak reči: „most” nalazi i „mostovi”.
site-search-try-wider = Tražite u svim temama i godinama
site-search-try-archive = Pogledajte arhivu po godinama i mesecima
site-search-how = Reči se traže u naslovima, sažecima i tekstovima, kojim god pismom da ih upišete. Tačan izraz stavite pod navodnike.

site-accessibility = Pristupačnost
site-access-pledge = { $publisher } želi da svako može da čita ove strane, kao što traže Direktiva (EU) 2016/2102 i standard EN 301 549. Ova izjava važi za sve javne strane na ovoj adresi.
site-access-status = Dokle smo stigli
site-access-full = Ove strane u potpunosti ispunjavaju nivo AA smernica WCAG 2.2.
site-access-partial = Ove strane delimično ispunjavaju nivo AA smernica WCAG 2.2: nedostaje ono što je navedeno niže.
site-access-none = Ove strane još ne ispunjavaju nivo AA smernica WCAG 2.2: nedostaje ono što je navedeno niže.
site-access-missing = Šta nije pristupačno
site-access-missing-text = Ponečemu što objavljujemo može da nedostaje ono što bi trebalo da ima:
site-access-pictures = slike koje su nam stigle bez opisa (WCAG 1.1.1);
site-access-films = filmovi i snimci bez titla ili teksta (WCAG 1.2) i dokumenti koje čitač ekrana ne čita dobro;
site-access-old = tekstovi stariji od ovih strana, čije smo naslove i tabele preuzeli kakvi su bili (WCAG 1.3.1);
site-access-others = strane drugih na koje upućujemo: njih ne možemo da menjamo.
site-access-prepared = Kako je izjava nastala
site-access-prepared-text = Samoprocenom. Svaka vrsta strane ispituje se programom na svakom jeziku: u pregledaču, svetla i tamna, u prozoru od 320, 360 i 1280 piksela i sa dvostruko većim slovima. Da se ovde bilo šta pročita, nije potrebna nijedna skripta.
site-access-feedback = Javite nam
site-access-feedback-text = Ako ovde nešto ne možete da pročitate ili vam treba u drugom obliku (krupna slova, običan tekst, pročitano naglas), pišite nam ili pozovite i pobrinućemo se za to.
site-access-enforcement = Ako vam naš odgovor ne pomogne
site-access-authority = Možete da se obratite:
site-access-enforcement-text = Možete da se obratite organu koji u vašoj zemlji nadzire pristupačnost javnih strana ili ombudsmanu.

## Otkazivanje i podešavanja

people-ask = Otkazujete bilten „{ $title }”?
people-ask-text = Stiže na adresu { $address }. Pritisnite „Otkaži” i više neće stizati. Do tada se ništa ne menja.
people-leave = Otkaži
people-left = Otkazali ste pretplatu na bilten „{ $title }”
people-left-text = Više ga nećete dobijati; primerak koji je već na putu može još da stigne.
people-left-mistake = Greškom? Pritisnite „Poništi”. Da ne dobijate ništa od nas, pritisnite „Otkaži sve”.
people-undo = Poništi
people-leave-all = Otkaži sve
people-all = Otkazali ste sve
people-all-text = Više nećete dobijati ništa od nas; primerak koji je već na putu može još da stigne.
people-all-mistake = Greškom? Pritisnite „Poništi”.
people-again = Ponovo primate bilten „{ $title }”
people-again-text = Stiže na adresu { $address } kao i ranije.
people-feed = Bez adrese
people-feed-text = U čitaču RSS kanala iste vesti stižu a da mi ne znamo vašu adresu.
people-forgotten = Ništa se više ne šalje
people-forgotten-text = Ovu adresu više nemamo i na nju se ništa više ne šalje.
people-lost = Ovaj link ne radi
people-lost-text = Možda je odsečen pri kopiranju. Otvorite ga još jednom iz same poruke, ili nam pišite i uklonićemo vašu adresu.
people-test = Ovo je probni primerak
people-test-text = Linkovi za otkazivanje i podešavanja u probnom primerku ne rade.
people-choices = Vaš izbor za adresu { $address }
people-choices-text = Označite šta želite, pa pritisnite „Sačuvaj”. Do tada se ništa ne menja.
people-newsletters = Šta želite
people-everything = Sve
people-everything-hint = I teme koje će doći kasnije
people-language-hint = Vest koja nije prevedena stiže na svom jeziku.
people-save = Sačuvaj
people-saved = Sačuvano.
people-no-topic = Ništa nije promenjeno: označite temu ili „Sve”. Da ne dobijate više ništa, poništite oznaku biltena.

## Pošta za redakciju

staff-waits-subject = { $title } br. { $number } čeka odobrenje
staff-waits = { $title } br. { $number } čeka vaše odobrenje.
staff-again = Ono što je bilo odobreno povučeno je, jer se jedan od članaka u međuvremenu promenio.
staff-subject = Naslov: { $subject }
staff-people = { $count ->
    [one] Šalje se { $count } osobi.
    [few] Šalje se za { $count } osobe.
   *[other] Šalje se za { $count } osoba.
}
staff-time = Vreme slanja: { $time }
staff-at-once = Kreće čim bude odobreno.
staff-needs = { $count ->
    [one] Potrebna je jedna osoba koja ga nije napravila.
    [few] Potrebne su { $count } osobe koje ga nisu napravile.
   *[other] Potrebno je { $count } osoba koje ga nisu napravile.
}
staff-link = Pogledajte ga ovde: { $link }
staff-command = Pogledajte ga: { $command }
staff-approve = Odobrite ga: { $command }
staff-alone-subject = { $title } br. { $number } je poslato bez odobrenja
staff-alone = { $name } šalje { $title } br. { $number } bez odobrenja drugih.
staff-reason = Navedeni razlog: { $reason }

alarm-subject = Uzbuna: { $what }
alarm-over-subject = Prošlo: { $what }
alarm-held = { $title } br. { $number } je trebalo poslati { $time }, ali je zadržano
alarm-waits = { $title } br. { $number } je trebalo poslati { $time }, ali čeka odobrenje
alarm-stopped = { $title } br. { $number } je zaustavljeno pre nego što su ga svi dobili
alarm-stuck = { $title } br. { $number } je trebalo poslati { $time }, ali ništa nije otišlo
alarm-failed = Izdanje { $title } nije moglo da se napravi
alarm-relay = Nijedan server ne prima našu poštu
alarm-returns = Ne može da se pročita ono što nam se vraća
alarm-reason = Zašto, rečima dnevnika: { $reason }
alarm-over = To je prošlo od { $time }.

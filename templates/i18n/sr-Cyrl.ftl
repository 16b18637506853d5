### Herald на српском, ћирилицом. Датотека је тачно пресловљавање датотеке sr-Latn.ftl.

## Језик

language-self = Српски
language-en = енглески
language-sr-Latn = српски, латиница
language-sr-Cyrl = српски, ћирилица

## Бројеви и датуми

number-group = .
number-decimal = ,

weekday-1 = понедељак
weekday-2 = уторак
weekday-3 = среда
weekday-4 = четвртак
weekday-5 = петак
weekday-6 = субота
weekday-7 = недеља

month-1 = јануар
month-2 = фебруар
month-3 = март
month-4 = април
month-5 = мај
month-6 = јун
month-7 = јул
month-8 = август
month-9 = септембар
month-10 = октобар
month-11 = новембар
month-12 = децембар

month-1-inside = јануара
month-2-inside = фебруара
month-3-inside = марта
month-4-inside = априла
month-5-inside = маја
month-6-inside = јуна
month-7-inside = јула
month-8-inside = августа
month-9-inside = септембра
month-10-inside = октобра
month-11-inside = новембра
month-12-inside = децембра

date-full = { $weekday }, { $day }. { $month } { $year }.
date-long = { $day }. { $month } { $year }.
date-inside = { $day }. { $month } { $year }.
date-month = { $month } { $year }.
date-short = { $day }. { $month }
date-with-time = { $date } у { $time }

## Пошта

mail-role = порука
mail-number = Број { $number }
mail-also = У овом броју и:
mail-why = Ово примате јер је ваша адреса на списку за билтен „{ $title }”.
mail-why-signed-up = Ово примате јер сте се { $date } претплатили на билтен „{ $title }”.
mail-why-added = Ово примате јер сте додати на списак за билтен „{ $title }”. Порекло: { $origin }
mail-preferences = Подешавања: теме, језик, учесталост
mail-unsubscribe = Откажите претплату на билтен „{ $title }”
mail-browser = Погледајте ову поруку у прегледачу
mail-read-on = Прочитајте цео текст: { $host }
mail-story-by = Текст: { $authors }
mail-photo = Фото:
mail-correction = Исправка
mail-update = Допуна
mail-withdrawn = Повучено
mail-withdrawn-text = Повукли смо вест „{ $headline }” (објављена: { $date }). Разлог: { $reason }. Молимо вас да је не користите и не цитирате.
mail-correction-subject = Исправка: { $headline }
mail-told-error = У вести „{ $headline }” (послата: { $date }) била је грешка.
mail-told-wrong = Писало је:
mail-told-right = Треба да стоји:
mail-told-sorry = Вест је исправљена. Извињавамо се.
mail-told-why = Ово примате јер смо вам послали прву верзију.
mail-told-why-withdrawn = Ово примате јер смо вам ту вест послали.
mail-told-browser = Погледајте прву верзију у прегледачу, са овом исправком
mail-withdrawn-subject = Повучено: { $headline }
mail-withdrawn-bare = Повукли смо вест „{ $headline }” (објављена: { $date }). Молимо вас да је не користите и не цитирате.
mail-test-subject = [ПРОБА] { $subject }
mail-test-head = Пробни примерак, за: { $person }. Није послат претплатницима.
mail-test-text = Овако би сада изгледао. Прималаца: { $number }. Језик: { $language }. Линкови за отказивање и подешавања у пробном примерку не раде.
mail-sandbox = Пробни рад: ова редакција се тек подешава. Линкови можда још не воде никуда.
mail-embargo = ЕМБАРГО ДО { $time } ({ $zone })

## Канали

feed-wrong-right = Писало је: { $wrong }. Треба да стоји: { $right }.
feed-also-in = На другим језицима:
feed-ended = RSS канал је угашен: { $title }
feed-ended-text = Овај RSS канал је угашен ({ $date }). Ништа ново више не стиже у њега, а после 30 дана биће уклоњен. Наши други канали:

## Јавне стране

site-skip = Пређите на текст
site-language = Језик
site-sections = Одељци
site-way = Где сте
site-news = Вести
site-newsroom = Вести
site-latest = Најновије вести
site-archive = Архива вести
site-archive-short = Архива
site-feeds = RSS канали
site-contact = Контакт
site-privacy = Како користимо ваше податке
site-no-news = Овде још ништа није објављено.

site-month-in-1 = јануара
site-month-in-2 = фебруара
site-month-in-3 = марта
site-month-in-4 = априла
site-month-in-5 = маја
site-month-in-6 = јуна
site-month-in-7 = јула
site-month-in-8 = августа
site-month-in-9 = септембра
site-month-in-10 = октобра
site-month-in-11 = новембра
site-month-in-12 = децембра
site-month-all = { $count ->
    [one] { $count } вест из { $month }
    [few] Све { $count } вести из { $month }
   *[other] Свих { $count } вести из { $month }
}
site-count = { $count ->
    [one] { $count } вест
    [few] { $count } вести
   *[other] { $count } вести
}
site-archive-of = Архива вести { $when }.
site-archive-month = { $month } { $year }.
site-archive-lede = { $count ->
    [one] { $count } вест, { $span }.
    [few] { $count } вести, { $span }.
   *[other] { $count } вести, { $span }.
}
site-archive-search = Потражите реч у свим вестима
site-years = Године
site-months = Други месеци
site-pages = Стране
site-newer = Новије
site-older = Старије
site-topic-empty = На ову тему још ништа није објављено.

site-wrong-right = Писало је: { $wrong }. Треба да стоји: { $right }.
site-withdrawn-text = Повукли смо вест „{ $headline }” (објављена: { $date }). Разлог: { $reason }. Молимо вас да је не користите и не цитирате. Ово обавештење остаје на њеном месту.
site-ahead = Ова верзија још није исправљена. Исправљена:
site-behind = још није исправљено
site-published = Објављено
site-updated = Допуњено
site-corrected = Исправљено
site-first-appeared = Први пут објављено
site-also-in = Други језици
site-topics = Теме

site-follow = Како да нас пратите
site-follow-feed = У RSS читачу
site-follow-feed-text = Свака вест једном, са исправкама. Без налога и без адресе.
site-follow-feeds = Сви канали и како раде
site-follow-mail = Е-поштом
site-follow-mail-text = Шаљемо: { $titles }. Пишите нам и додаћемо вашу адресу. Претплату можете да откажете у сваком тренутку.
site-follow-write = Пишите нам

site-feed = RSS канал
site-formats = Формати
site-feeds-lede = RSS канал доноси наше вести у програм који сами изаберете, у RSS читач. Не дајете адресу, нико не броји шта читате, а канал напуштате тако што га обришете.
site-feeds-how = Како да се претплатите
site-step-open = Отворите свој RSS читач. Ако га немате, имају га многи програми за пошту и прегледачи, а за сваки телефон постоје добри и бесплатни.
site-step-add = У њему изаберите додавање канала и налепите ову адресу:
site-step-done = Готово. Оно што објавимо и оно што исправимо појавиће се само.
site-feeds-which = Који канал
site-feeds-same = У свим форматима је исто. Ако је вашем читачу свеједно, узмите Atom.
site-feeds-opml = Сви канали у једној датотеци (OPML), за читаче који узимају више канала одједном
site-feeds-expect = Шта да очекујете
site-feeds-expect-text = Свака вест стиже једном и остаје иста вест и кад јој се промени наслов. Исправљена стиже поново, са исправком на почетку; уместо повучене стоји обавештење.
site-feeds-use = Коришћење наших вести
site-feeds-use-text = Текстови се могу пренети уз навођење извора: { $publisher }. Пре тога погледајте има ли исправки. Фотографије: како пише уз њих.
site-feed-newest = Најновије
site-feed-empty = У овом каналу још нема ничега. Претплатите се и прва вест стиже сама.

site-missing = Ова страна не постоји
site-missing-text = Адреса је можда погрешно откуцана или је то адреса вести која није објављена. Одавде можете даље:
site-gone = Ове стране више нема
site-gone-text = Оно што је стајало овде уклоњено је. Одавде можете даље:
site-broken = Овде је нешто пошло наопако
site-broken-text = Грешка је наша, а не ваша, и забележена је. Покушајте поново за неколико минута или пођите даље:
site-busy = Превише упита
site-busy-text = С ваше адресе стигло је више упита него што је добро за остале. Сачекајте минут и покушајте поново или пођите даље:
site-error-write = Ако мислите да би овде нешто требало да буде, пишите нам:
site-edition-empty = Од овог броја више ништа не може да се прикаже.

site-privacy-lede = Одговоран је: { $publisher }. Шта о вама чувамо, зашто и како да се то промени.
site-privacy-reading = Ако читате овде
site-privacy-reading-text = Ове стране не постављају колачиће и не покрећу скрипте. Не бележимо ко шта чита, а RSS канали не траже адресу.
site-privacy-mail = Ако од нас добијате пошту
site-privacy-mail-text = Вашу адресу користимо само да вам шаљемо оно за шта сте на списку, а чувамо:
site-privacy-keep-address = вашу адресу, као и име, језик и друге податке са списка;
site-privacy-keep-choice = шта сте изабрали и када сте отказали претплату;
site-privacy-keep-consent = када сте и како пристали, ако јесте;
site-privacy-keep-sent = која издања су вам послата, када и шта је сервер за пошту одговорио.
site-privacy-opened = Из наших порука не сазнајемо да ли сте их отворили, а линкови у њима исти су за све, осим линкова за отказивање и за ваш избор.
site-privacy-why = Зашто смемо да вам пишемо
site-basis-consent = Пристали сте на то.
site-basis-public-task = То је део нашег јавног задатка.
site-basis-legitimate-interest = Имамо легитиман интерес, а ви можете да уложите приговор.
site-privacy-origin = Порекло адреса: { $origin }.
site-privacy-rights = Ваша права
site-privacy-leave = У свакој поруци је линк за отказивање. Не тражи налог, довољан је један притисак и важи годинама. Кад откажете претплату, адресу чувамо само да вам не бисмо поново писали.
site-privacy-ask = Можете да питате шта о вама имамо, да тражите исправку или брисање и да се обратите органу за заштиту података. Пишите нам:

site-search = Претрага
site-search-news = Претрага вести
site-search-words = Речи које тражите
site-search-do = Тражи
site-search-of = { $words }: претрага
site-search-topic = Тема
site-search-any-topic = Све теме
site-search-year = Година
site-search-any-year = Све године
site-search-many = Више од { $count } вести
site-search-none = Ништа није нађено
site-search-before = Претходно
site-search-after = Следеће
site-search-others = На другим језицима:
site-search-try-fewer = Упишите мање речи: вест мора да има све.
site-search-try-beginning = Упишите само почетак речи: „мост” налази и „мостови”.
site-search-try-wider = Тражите у свим темама и годинама
site-search-try-archive = Погледајте архиву по годинама и месецима
site-search-how = Речи се траже у насловима, сажецима и текстовима, којим год писмом да их упишете. Тачан израз ставите под наводнике.

site-accessibility = Приступачност
site-access-pledge = { $publisher } жели да свако може да чита ове стране, као што траже Директива (ЕУ) 2016/2102 и стандард EN 301 549. Ова изјава важи за све јавне стране на овој адреси.
site-access-status = Докле смо стигли
site-access-full = Ове стране у потпуности испуњавају ниво AA смерница WCAG 2.2.
site-access-partial = Ове стране делимично испуњавају ниво AA смерница WCAG 2.2: недостаје оно што је наведено ниже.
site-access-none = Ове стране још не испуњавају ниво AA смерница WCAG 2.2: недостаје оно што је наведено ниже.
site-access-missing = Шта није приступачно
site-access-missing-text = Понечему што објављујемо може да недостаје оно што би требало да има:
site-access-pictures = слике које су нам стигле без описа (WCAG 1.1.1);
site-access-films = филмови и снимци без титла или текста (WCAG 1.2) и документи које читач екрана не чита добро;
site-access-old = текстови старији од ових страна, чије смо наслове и табеле преузели какви су били (WCAG 1.3.1);
site-access-others = стране других на које упућујемо: њих не можемо да мењамо.
site-access-prepared = Како је изјава настала
site-access-prepared-text = Самопроценом. Свака врста стране испитује се програмом на сваком језику: у прегледачу, светла и тамна, у прозору од 320, 360 и 1280 пиксела и са двоструко већим словима. Да се овде било шта прочита, није потребна ниједна скрипта.
site-access-feedback = Јавите нам
site-access-feedback-text = Ако овде нешто не можете да прочитате или вам треба у другом облику (крупна слова, обичан текст, прочитано наглас), пишите нам или позовите и побринућемо се за то.
site-access-enforcement = Ако вам наш одговор не помогне
site-access-authority = Можете да се обратите:
site-access-enforcement-text = Можете да се обратите органу који у вашој земљи надзире приступачност јавних страна или омбудсману.

## Отказивање и подешавања

people-ask = Отказујете билтен „{ $title }”?
people-ask-text = Стиже на адресу { $address }. Притисните „Откажи” и више неће стизати. До тада се ништа не мења.
people-leave = Откажи
people-left = Отказали сте претплату на билтен „{ $title }”
people-left-text = Више га нећете добијати; примерак који је већ на путу може још да стигне.
people-left-mistake = Грешком? Притисните „Поништи”. Да не добијате ништа од нас, притисните „Откажи све”.
people-undo = Поништи
people-leave-all = Откажи све
people-all = Отказали сте све
people-all-text = Више нећете добијати ништа од нас; примерак који је већ на путу може још да стигне.
people-all-mistake = Грешком? Притисните „Поништи”.
people-again = Поново примате билтен „{ $title }”
people-again-text = Стиже на адресу { $address } као и раније.
people-feed = Без адресе
people-feed-text = У читачу RSS канала исте вести стижу а да ми не знамо вашу адресу.
people-forgotten = Ништа се више не шаље
people-forgotten-text = Ову адресу више немамо и на њу се ништа више не шаље.
people-lost = Овај линк не ради
people-lost-text = Можда је одсечен при копирању. Отворите га још једном из саме поруке, или нам пишите и уклонићемо вашу адресу.
people-test = Ово је пробни примерак
people-test-text = Линкови за отказивање и подешавања у пробном примерку не раде.
people-choices = Ваш избор за адресу { $address }
people-choices-text = Означите шта желите, па притисните „Сачувај”. До тада се ништа не мења.
people-newsletters = Шта желите
people-everything = Све
people-everything-hint = И теме које ће доћи касније
people-language-hint = Вест која није преведена стиже на свом језику.
people-save = Сачувај
people-saved = Сачувано.
people-no-topic = Ништа није промењено: означите тему или „Све”. Да не добијате више ништа, поништите ознаку билтена.

## Пошта за редакцију

staff-waits-subject = { $title } бр. { $number } чека одобрење
staff-waits = { $title } бр. { $number } чека ваше одобрење.
staff-again = Оно што је било одобрено повучено је, јер се један од чланака у међувремену променио.
staff-subject = Наслов: { $subject }
staff-people = { $count ->
    [one] Шаље се { $count } особи.
    [few] Шаље се за { $count } особе.
   *[other] Шаље се за { $count } особа.
}
staff-time = Време слања: { $time }
staff-at-once = Креће чим буде одобрено.
staff-needs = { $count ->
    [one] Потребна је једна особа која га није направила.
    [few] Потребне су { $count } особе које га нису направиле.
   *[other] Потребно је { $count } особа које га нису направиле.
}
staff-link = Погледајте га овде: { $link }
staff-command = Погледајте га: { $command }
staff-approve = Одобрите га: { $command }
staff-alone-subject = { $title } бр. { $number } је послато без одобрења
staff-alone = { $name } шаље { $title } бр. { $number } без одобрења других.
staff-reason = Наведени разлог: { $reason }

alarm-subject = Узбуна: { $what }
alarm-over-subject = Прошло: { $what }
alarm-held = { $title } бр. { $number } је требало послати { $time }, али је задржано
alarm-waits = { $title } бр. { $number } је требало послати { $time }, али чека одобрење
alarm-stopped = { $title } бр. { $number } је заустављено пре него што су га сви добили
alarm-stuck = { $title } бр. { $number } је требало послати { $time }, али ништа није отишло
alarm-failed = Издање { $title } није могло да се направи
alarm-relay = Ниједан сервер не прима нашу пошту
alarm-returns = Не може да се прочита оно што нам се враћа
alarm-reason = Зашто, речима дневника: { $reason }
alarm-over = То је прошло од { $time }.

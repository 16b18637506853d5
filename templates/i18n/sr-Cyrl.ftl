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
mail-withdrawn = Повучено
mail-withdrawn-text = Повукли смо вест „{ $headline }” (објављена: { $date }). Разлог: { $reason }. Молимо вас да је не користите и не цитирате.
mail-test-subject = [ПРОБА] { $subject }
mail-test-head = Пробни примерак, за: { $person }. Није послат претплатницима.
mail-test-text = Овако би сада изгледао. Прималаца: { $number }. Језик: { $language }. Линкови за отказивање и подешавања у пробном примерку не раде.
mail-sandbox = Пробни рад: ова редакција се тек подешава. Линкови можда још не воде никуда.

## Канали

feed-wrong-right = Писало је: { $wrong }. Треба да стоји: { $right }.
feed-also-in = На другим језицима:

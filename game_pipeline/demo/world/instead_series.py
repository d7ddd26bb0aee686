"""Games of instead-games.ru with relatives: sequels, ports, `[URQ]` adaptations and names easily mixed up."""

from game_pipeline.demo.world.entries import Game, IfdbEntry, InsteadEntry, Link, WikiEntry

INSTEAD_SERIES = (
    Game(
        slug="lifter",
        instead=InsteadEntry(
            id=119,
            name="lifter",
            title="Лифтер",
            author="Евгений Ефремов aka jhekasoft",
            version="0.4",
            size=6200493,
            date="2015-10-28",
            description=(
                "Лифтёр приходит на обычный вызов: в доме застряли пассажиры. "
                "Напарник уже ждёт в шахте, осталось открыть двери. "
                "Дальше привычный мир начинает вести себя всё более странно. "
                "Игра короткая, с рисунками и звуком."
            ),
        ),
        ifdb=IfdbEntry(
            tuid="l8ft3rq0pz6vy1ck",
            title="Лифтер",
            author="Yevgeny Yefremov",
            published=None,
            language="ru",
            genre="Surreal",
            devsys="INSTEAD",
            description=(
                "Лифтёр приходит на обычный вызов: в доме застряли пассажиры. "
                "Дальше привычный мир начинает вести себя всё более странно. "
                "A short surreal game in Russian about a lift mechanic on a routine call."
            ),
            format=None,
            links=(
                Link(
                    url="http://instead-games.ru//download/instead-lifter-0.4.zip",
                    title="instead-lifter-0.4.zip",
                    format="storyfile",
                    is_game=True,
                ),
            ),
            tags=("surreal", "Russian"),
            pageversion=2,
            rating=None,
            ratings=0,
        ),
        wiki=WikiEntry(
            pageid=3308,
            title="Лифтер",
            authors=("Евгений Ефремов",),
            released="2010",
            platform="INSTEAD",
            language="русский",
            themes=("Сюрреализм",),
            description=(
                "Сюрреалистическая игра о буднях лифтёра. "
                "Лифтёр приходит на обычный вызов: в доме застряли пассажиры. "
                "Напарник уже ждёт в шахте, осталось открыть двери. "
                "У игры есть продолжение, «Лифтер 2»."
            ),
            links=(Link(url="http://instead-games.ru/game.php?ID=119", title="Страница игры"),),
            revid=18321,
        ),
    ),
    Game(
        slug="lifter-2",
        instead=InsteadEntry(
            id=121,
            name="lifter2",
            title="Лифтер 2",
            author="Евгений Ефремов aka jhekasoft",
            version="0.3",
            size=16740350,
            date="2015-10-28",
            description=(
                "Продолжение странных похождений лифтёра. "
                "Игра обрамляет первую часть: показано и то, что было до неё, и то, что случилось потом. "
                "Пройти квест можно несколькими путями."
            ),
        ),
        wiki=WikiEntry(
            pageid=4127,
            title="Лифтер 2",
            authors=("jhekasoft",),
            released=None,
            platform="INSTEAD",
            language="русский",
            themes=("Сюрреализм",),
            description=(
                "Продолжение странных похождений лифтёра. "
                "Игра обрамляет первую часть: показано и то, что было до неё, и то, что случилось потом. "
                "Её не следует путать с шуточной игрой «Лифтер II» того же автора."
            ),
            links=(Link(url="http://instead-games.ru/game.php?ID=121", title="Страница игры"),),
            revid=18333,
        ),
    ),
    Game(
        slug="lifter-ii-joke",
        instead=InsteadEntry(
            id=138,
            name="lifter_ii",
            title="Лифтер II",
            author="Евгений Ефремов aka jhekasoft",
            version="0.1.3",
            size=2401828,
            date="2017-10-02",
            description=(
                "Шутка автора «Лифтера», написанная в ожидании настоящего продолжения. "
                "Пародия обыгрывает приёмы первой игры и не претендует на серьёзность. "
                "Вторая часть серии называется «Лифтер 2», и это другая игра."
            ),
        ),
        wiki=WikiEntry(
            pageid=4131,
            title="Лифтер II (не Лифтер 2)",
            authors=("jhekasoft",),
            released=None,
            platform="INSTEAD",
            language="русский",
            themes=("Пародия", "Юмор"),
            description=(
                "Маленькая пародия, сделанная между первой и второй частями серии. "
                "Пародия обыгрывает приёмы первой игры и не претендует на серьёзность."
            ),
            links=(Link(url="http://instead-games.ru/game.php?ID=138", title="Страница игры"),),
            revid=18340,
        ),
    ),
    Game(
        slug="constellation-black-hole",
        instead=InsteadEntry(
            id=130,
            name="constellation2",
            title="Созвездие: Чёрная Дыра",
            author="Irremann",
            version="1.04",
            size=2436818,
            date="2016-12-29",
            description=(
                "Новое приключение экипажа боевого корабля «Созвездие». "
                "Авария в гиперпространстве забрасывает корабль к чёрной дыре. "
                "Старшему помощнику Морзе нужно расшевелить команду, пока их всех не затянуло за горизонт событий. "
                "За находки и удачные решения выдаются достижения."
            ),
        ),
        wiki=WikiEntry(
            pageid=5290,
            title="Созвездие: Чёрная Дыра",
            authors=("Irremann",),
            released=None,
            platform="INSTEAD",
            language="русский",
            themes=("Фантастика", "Космос", "Юмор"),
            description=(
                "Второй эпизод серии «Созвездие» о капитане Киркунове и его команде. "
                "Авария в гиперпространстве забрасывает корабль к чёрной дыре. "
                "За находки и удачные решения выдаются достижения."
            ),
            links=(Link(url="https://instead-games.ru/game.php?ID=130", title="Страница игры"),),
            revid=22014,
        ),
    ),
    Game(
        slug="winnie-the-pooh-urq",
        instead=InsteadEntry(
            id=174,
            name="urq-vinny_the_pooh",
            title="[URQ] Винни-Пух и другие звери",
            author="Korwin",
            version="0.1.2",
            size=150412,
            date="2017-04-30",
            description=(
                "Шуточное приключение медвежонка Винни-Пуха и его соседей по лесу. "
                "Знакомые сказочные герои попадают в незнакомые обстоятельства. "
                "Игра написана для URQ и запускается в INSTEAD через модуль совместимости."
            ),
        ),
        wiki=WikiEntry(
            pageid=611,
            title="Винни-Пух и другие звери",
            authors=("Korwin",),
            released=None,
            platform="URQ",
            language="русский",
            themes=("Юмор", "Сказка"),
            description=(
                "Шуточное приключение медвежонка Винни-Пуха и его соседей по лесу. "
                "Действия выбираются из списка, как во всех играх URQ. "
                "Автор игры известен также под именем Евгений Туголуков."
            ),
            links=(Link(url="http://instead-games.ru/game.php?ID=174", title="Версия для INSTEAD"),),
            revid=9015,
        ),
    ),
    Game(
        slug="in-the-rye",
        instead=InsteadEntry(
            id=165,
            name="urq-in_rye",
            title="[URQ] Во ржи: куча неприятностей",
            author="Сборник авторов",
            version="0.1.2",
            size=3413855,
            date="2017-04-25",
            description=(
                "Сын ирландского фермера впервые остаётся за хозяина. "
                "За порогом сарая его ждут домашняя скотина и неприятности, о которых взрослые не предупреждали. "
                "Игру писали шесть авторов, и каждый добавил в неё свою долю абсурда."
            ),
        ),
        wiki=WikiEntry(
            pageid=1448,
            title="Во ржи: куча неприятностей",
            authors=("MS Alzheimer", "MasterOfShadows", "brevno", "goraph", "xlomid", "Серый Волк"),
            released="2009",
            platform="FireURQ",
            language="русский",
            themes=("Юмор", "Абсурд"),
            competitions=("{{КРИЛ|2009}}",),
            description=(
                "Сын ирландского фермера впервые остаётся за хозяина. "
                "Игру писали шесть авторов, и каждый добавил в неё свою долю абсурда. "
                "Она заняла четвёртое место на КРИЛ 2009."
            ),
            links=(Link(url="http://instead-games.ru/game.php?ID=165", title="Версия для INSTEAD"),),
            revid=15266,
        ),
    ),
    Game(
        slug="crash-dive",
        instead=InsteadEntry(
            id=228,
            name="crash-dive",
            title="Crash Dive!",
            author="wimh",
            version="1.0.0",
            size=646640,
            date="2017-07-29",
            description=(
                "Somebody has sabotaged a submarine, and you are the only one aboard left alive. "
                "The boat must not fall into enemy hands, and there is little time. "
                "This is a port of a text adventure for 8-bit Atari computers from 1984."
            ),
        ),
        ifdb=IfdbEntry(
            tuid="b0cr4shd1ve8u5qn",
            title="Crash Dive!",
            author="Brian Moriarty",
            published="1984",
            language="en",
            genre="Espionage",
            devsys="Custom",
            description=(
                "Somebody has sabotaged a submarine, and you are the only one aboard left alive. "
                "The boat must not fall into enemy hands, and there is little time. "
                "The game appeared in the magazine A.N.A.L.O.G. Computing, before its author joined Infocom."
            ),
            format=None,
            links=(
                Link(
                    url="http://instead-games.ru/download/instead-crash-dive-1.0.0.zip",
                    title="Port to INSTEAD",
                    desc="Ported by wimh, 2017.",
                    format="storyfile",
                    is_game=True,
                ),
            ),
            tags=("submarine", "timed", "Atari 8-bit", "type-in"),
            pageversion=9,
            rating=2.9,
            ratings=6,
        ),
    ),
    Game(
        slug="kayleth",
        instead=InsteadEntry(
            id=73,
            name="kayleth",
            title="Kayleth [ru|en]",
            author="v.v.b.",
            version="0.4.1",
            size=7442146,
            date="2015-10-28",
            description=(
                "Научно-фантастическая игра с ZX Spectrum, перенесённая на INSTEAD. "
                "В оригинале команды вводились с клавиатуры, здесь их заменило меню. "
                "Автор первоначальной версии и её художник — Стефан Уфновски. "
                "Можно выбрать русский или английский текст."
            ),
        ),
        ifdb=IfdbEntry(
            tuid="k7y4leth2w9rd0sb",
            title="Kayleth",
            author="Stefan Ufnowski",
            published="1986",
            language="en",
            genre="Science Fiction",
            devsys="Custom",
            description=(
                "An illustrated science fiction adventure for the 8-bit home computers of the time. "
                "The text is sparse and the pictures do much of the telling. "
                "A menu-driven remake in Russian and English exists for INSTEAD."
            ),
            format=None,
            links=(
                Link(url="http://instead-games.ru/game.php?ID=73", title="Remake for INSTEAD", format="html"),
                Link(url="https://ifwiki.ru/Кайлет", title="IFWiki (in Russian)", format="html"),
            ),
            tags=("ZX Spectrum", "illustrated", "space"),
            pageversion=5,
            rating=2.5,
            ratings=3,
        ),
        wiki=WikiEntry(
            pageid=7044,
            title="Кайлет",
            authors=("Стефан Уфновски", "Вадим Балашов"),
            released=None,
            platform="INSTEAD",
            language="русский",
            themes=("Фантастика", "Ремейк"),
            description=(
                "Научно-фантастическая игра с ZX Spectrum, перенесённая на INSTEAD. "
                "Перевод с английского и переделку под меню выполнил Вадим Балашов. "
                "Картинки к сценам были уже в исходной игре, а текста в ней было немного."
            ),
            links=(
                Link(url="http://instead-games.ru/game.php?ID=73", title="Страница игры"),
                Link(url="https://ifdb.org/viewgame?id=k7y4leth2w9rd0sb", title="Kayleth на IFDB"),
            ),
            revid=20655,
        ),
    ),
    Game(
        slug="nightmare-manor",
        instead=InsteadEntry(
            id=178,
            name="nightmare_manor",
            title="Особняк: Ночь кошмаров",
            author="tturgor",
            version="0.1.1",
            size=12720813,
            date="2014-08-01",
            description=(
                "Русская версия книги-игры «Nightmare at the Manor». "
                "Герой проводит ночь в зловещем особняке и пытается разгадать его тайну. "
                "У истории восемь концовок, а за отдельные находки даются достижения. "
                "К игре «Особняк» Петра Косых она отношения не имеет."
            ),
        ),
    ),
    Game(
        slug="fallout-quest-instead",
        instead=InsteadEntry(
            id=35,
            name="fallout_quest",
            title="Fallout quest",
            author="techniX",
            version="0.0.1",
            size=1149304,
            date="2015-10-28",
            description=(
                "Интерактивный рассказ о том, как сложилась судьба Джанктауна, когда закончилась первая Fallout. "
                "Решения игрока определяют, каким станет город и кто в нём уживётся. "
                "Игра перенесена на INSTEAD, исходную версию сделала группа Digital Geckos."
            ),
        ),
        wiki=WikiEntry(
            pageid=7320,
            title="Fallout Quest (INSTEAD)",
            authors=("techniX",),
            released=None,
            platform="INSTEAD",
            language="русский",
            themes=("Фанфик", "Постапокалипсис"),
            description=(
                "Порт игры «Fallout Quest» на платформу INSTEAD. "
                "Решения игрока определяют, каким станет город и кто в нём уживётся. "
                "Сюжет и текст взяты из исходной игры группы Digital Geckos."
            ),
            links=(Link(url="http://instead-games.ru/game.php?ID=35", title="Страница игры"),),
            revid=20911,
        ),
    ),
)

"""Games of instead-games.ru that stand alone, most of them on ifwiki.ru or IFDB as well."""

from game_pipeline.demo.world.entries import Game, IfdbEntry, InsteadEntry, Link, WikiEntry

INSTEAD = (
    Game(
        slug="quantum-cat",
        instead=InsteadEntry(
            id=107,
            name="cat",
            title="Возвращение квантового кота",
            author="Peter Kosyh",
            version="1.6",
            size=4550110,
            date="2017-03-17",
            description=(
                "Бывший хакер бросил город и поселился лесником в глухой хижине. "
                "Однажды зимой у него пропадает кот, и хозяин отправляется его возвращать. "
                "Путь ведёт из леса в охраняемый институт, где занимаются не вполне обычной физикой.\n\n"
                "Игра управляется мышью: действия складываются из ссылок в тексте и предметов инвентаря. "
                "Это первая игра, написанная для платформы."
            ),
        ),
        ifdb=IfdbEntry(
            tuid="c3q8mt0v7kzj1xwd",
            title="Returning the Quantum Cat",
            author="Peter Kosyh",
            published="2010",
            language="English, Russian (en, ru)",
            genre="Science Fiction",
            devsys="INSTEAD",
            description=(
                "A former hacker has left the city to live as a forester in a lonely cabin. "
                "When his cat disappears one winter, he sets out to bring it back. "
                "The trail leads from the woods to a guarded institute and to some very unusual physics.\n\n"
                "The game is played with the mouse, by following links in the text and using things from the "
                "inventory. It was the first game made for the INSTEAD platform; an English translation is included."
            ),
            format=None,
            links=(
                Link(
                    url="http://instead-games.ru/download/instead-cat-1.6.zip",
                    title="instead-cat-1.6.zip",
                    desc="Needs the INSTEAD interpreter.",
                    format="storyfile",
                    is_game=True,
                ),
            ),
            tags=("cat", "science fiction", "point and click", "winter"),
            pageversion=7,
            rating=3.6,
            ratings=11,
        ),
        wiki=WikiEntry(
            pageid=1432,
            title="Возвращение квантового кота",
            authors=("gloomy",),
            released="2009",
            platform="INSTEAD",
            language="русский",
            themes=("Фантастика",),
            competitions=("{{КРИЛ|2009}}",),
            description=(
                "Бывший хакер бросил город и поселился лесником в глухой хижине. "
                "Когда пропадает его кот, герою приходится пробраться в закрытый институт по соседству. "
                "Игра управляется мышью: действия складываются из ссылок в тексте и предметов инвентаря. "
                "На КРИЛ 2009 игра заняла первое место."
            ),
            links=(
                Link(url="http://instead-games.ru/game.php?ID=107", title="Страница игры на instead-games.ru"),
                Link(
                    url="http://instead-games.ru/download/instead-cat-1.6.zip",
                    title="Скачать",
                    is_game=True,
                ),
            ),
            revid=28114,
        ),
    ),
    Game(
        slug="clara-instead",
        instead=InsteadEntry(
            id=203,
            name="clara",
            title="Клара - расхитительница варенья",
            author="Peter Kosyh",
            version="1.4",
            size=7281786,
            date="2015-03-19",
            description=(
                "Короткая добрая история об охоте за вареньем. "
                "Новая версия одноимённой игры Николая Жарикова, вышедшей в 2006 году на платформе «6 days». "
                "Команды вводятся с клавиатуры, но сложных головоломок в игре нет. "
                "Сцены сопровождаются рисунками."
            ),
        ),
        wiki=WikiEntry(
            pageid=9120,
            title="Клара - расхитительница варенья (INSTEAD)",
            authors=("Пётр Косых", "Николай Жариков"),
            released="2015",
            platform="INSTEAD",
            language="русский",
            themes=("Юмор", "Ремейк"),
            description=(
                "Короткая добрая история об охоте за вареньем. "
                "Игра перенесена на INSTEAD с платформы «6 days», для которой её в 2006 году написал Николай Жариков. "
                "Сцены сопровождаются рисунками. "
                "О первой версии рассказано на отдельной странице."
            ),
            links=(Link(url="https://instead-games.ru/game.php?ID=203", title="Страница игры"),),
            revid=21877,
        ),
    ),
    Game(
        slug="mainland",
        instead=InsteadEntry(
            id=90,
            name="mainland",
            title="Материк",
            author="Василий Воронков",
            version="2.3",
            size=13982204,
            date="2015-05-08",
            description=(
                "Тихий океан, 1846 год. "
                "Герой остался один на корабле, экипаж которого погиб от чумы. "
                "О случившемся мы узнаём из его записок, которые понемногу дополняются по ходу игры. "
                "Команды вводятся с клавиатуры; атмосфера здесь важнее трудных головоломок."
            ),
        ),
        ifdb=IfdbEntry(
            tuid="m5a1nl4nd0tq7xw2",
            title="Mainland",
            author="Vasily Voronkov",
            published="2015-05-08",
            language="English, Russian (en, ru)",
            genre="Historical",
            devsys="INSTEAD",
            description=(
                "The Pacific Ocean, 1846. "
                "A traveller is alone aboard a ship whose crew has died of the plague, and the game is told as his "
                "notes. Commands are typed; mood and story matter more here than hard puzzles.\n\n"
                "Герой остался один на корабле, экипаж которого погиб от чумы. "
                "Текст есть по-русски и по-английски."
            ),
            format=None,
            links=(
                Link(
                    url="http://instead-games.ru/game.php?ID=90",
                    title="Game page (in Russian)",
                    format="html",
                ),
                Link(
                    url="https://instead-games.ru//download/instead-mainland-2.3.zip",
                    title="instead-mainland-2.3.zip",
                    format="storyfile",
                    is_game=True,
                ),
            ),
            tags=("plague", "ship", "parser", "19th century"),
            pageversion=3,
            rating=3.0,
            ratings=4,
        ),
        wiki=WikiEntry(
            pageid=8765,
            title="Материк",
            authors=("Василий Воронков",),
            released="08.05.2015",
            platform="INSTEAD",
            language="русский",
            themes=("Приключения", "История"),
            description=(
                "Парсерная игра в форме путевых записок. "
                "Герой остался один на корабле, экипаж которого погиб от чумы. "
                "Действие происходит в середине XIX века среди островов Тихого океана. "
                "Текст есть по-русски и по-английски."
            ),
            links=(
                Link(url="http://store.steampowered.com/app/366800/", title="Игра в Steam"),
                Link(url="http://instead-games.ru/game.php?ID=90", title="Страница на instead-games.ru"),
            ),
            revid=24401,
        ),
    ),
    Game(
        slug="mountains-of-madness",
        instead=InsteadEntry(
            id=202,
            name="mountains_madness",
            title="Хребты Безумия",
            author="Irremann",
            version="0.95",
            size=8442748,
            date="2016-10-31",
            description=(
                "Квест по мотивам одноимённого произведения Говарда Лавкрафта. "
                "Научная экспедиция в Антарктиде находит следы существ, о которых людям лучше бы не знать. "
                "Игроку предстоит выяснить, что скрыто за горным хребтом, и постараться сохранить рассудок. "
                "Длинные эпизоды оформлены как текстовые заставки."
            ),
        ),
        wiki=WikiEntry(
            pageid=9077,
            title="Хребты Безумия",
            authors=("Irremann",),
            released="2015",
            platform="INSTEAD",
            language="русский",
            themes=("Ужасы", "Лавкрафт"),
            description=(
                "Квест по мотивам одноимённого произведения Говарда Лавкрафта. "
                "Герои отправляются в глубь антарктического материка, к неизвестным прежде горам. "
                "Игроку предстоит выяснить, что скрыто за горным хребтом, и постараться сохранить рассудок."
            ),
            links=(Link(url="http://instead-games.ru/game.php?ID=202", title="Страница игры"),),
            revid=23950,
        ),
    ),
    Game(
        slug="wizards-stone",
        instead=InsteadEntry(
            id=297,
            name="wizards_stone",
            title="Волшебники и Камень",
            author="Irremann",
            version="0.05",
            size=4869628,
            date="2018-08-26",
            description=(
                "Смесь текстового квеста и рогалика, в которой предметы создаются случайным образом. "
                "Чародеи разных стран один за другим поднимаются на гору за могущественным камнем. "
                "Гибель очередного волшебника не завершает игру: на смену ему приходит следующий."
            ),
        ),
    ),
    Game(
        slug="necromancer-apprentice",
        instead=InsteadEntry(
            id=291,
            name="necromancer_apprentice",
            title="Ученик Некроманта",
            author="Irremann",
            version="0.09",
            size=4707071,
            date="2018-08-20",
            description=(
                "Старый некромант лежит при смерти, и вернуть его может только тёмный обряд. "
                "Подготовить этот обряд должен ученик, который пробыл у него совсем недолго. "
                "История разделена на четыре главы."
            ),
        ),
    ),
    Game(
        slug="mission-tourist",
        instead=InsteadEntry(
            id=210,
            name="mission_tourist",
            title="Миссия <Турист>",
            author="Ordos",
            version="1.0",
            size=89258,
            date="2015-10-28",
            description=(
                "Шуточный квест о шпионе, которому поручено попасть на секретный завод. "
                "Для прикрытия выбран образ обычного туриста: фотоаппарат, панама & наивный вид. "
                "Начинать придётся с проходной, где посторонним не рады."
            ),
        ),
        wiki=WikiEntry(
            pageid=9403,
            title='Миссия "Турист"',
            authors=("Ordos",),
            released="2015",
            platform="INSTEAD",
            language="русский",
            themes=("Юмор", "Шпионы"),
            description=(
                "Шуточный квест о шпионе, которому поручено попасть на секретный завод. "
                "Герой выдаёт себя за туриста и пытается миновать проходную. "
                "Игра совсем небольшая."
            ),
            links=(Link(url="http://instead-games.ru/game.php?ID=210", title="Страница игры"),),
            revid=24988,
        ),
    ),
    Game(
        slug="am-i-a-monster",
        instead=InsteadEntry(
            id=212,
            name="am_i_a_monster",
            title="Am I a monster?",
            author="NLB project",
            version="1.01",
            size=26998136,
            date="2015-12-26",
            description=(
                "Игрок оказывается в шкуре оборотня и решает, как с этим жить. "
                "Каждый выбор делает героя ближе либо к зверю, либо к человеку. "
                "You play a werewolf, and your choices decide how much of the human being is left. "
                "The text is available in Russian and in English."
            ),
        ),
        wiki=WikiEntry(
            pageid=9511,
            title="Я монстр?",
            authors=("NLB project",),
            released="26.12.2015",
            platform="INSTEAD",
            language="русский",
            themes=("Мистика", "Оборотни"),
            description=(
                "Игрок оказывается в шкуре оборотня и решает, как с этим жить. "
                "От принятых решений зависит, возьмёт ли зверь верх над человеком. "
                "Игра сделана в редакторе NLB и переведена на английский под названием «Am I a monster?»."
            ),
            links=(Link(url="https://instead-games.ru/game.php?ID=212", title="Страница игры"),),
            revid=25102,
        ),
    ),
    Game(
        slug="quarantine",
        instead=InsteadEntry(
            id=124,
            name="quarantine",
            title="Карантин",
            author="Петр Косых",
            version="0.3.7",
            size=6063904,
            date="2015-10-28",
            description=(
                "Осень 1961 года, советская дрейфующая станция недалеко от Северного полюса. "
                "Полярники сталкиваются с чем-то чужим и враждебным, и скоро никто не может доверять соседу. "
                "В основе игры лежит рассказ Джона Кэмпбелла «Кто идёт?»."
            ),
        ),
        wiki=WikiEntry(
            pageid=6210,
            title="Карантин",
            authors=("Пётр Косых",),
            released=None,
            platform="INSTEAD",
            language="русский",
            themes=("Ужасы", "Фантастика"),
            description=(
                "Действие разворачивается на полярной станции, отрезанной от мира. "
                "Полярники сталкиваются с чем-то чужим и враждебным, и скоро никто не может доверять соседу. "
                "В основе игры лежит рассказ Джона Кэмпбелла «Кто идёт?». "
                "Не следует путать её с одноимённой игрой Константина Таро."
            ),
            links=(Link(url="http://instead-games.ru/game.php?ID=124", title="Страница игры"),),
            revid=19034,
        ),
    ),
    Game(
        slug="one-old-story",
        instead=InsteadEntry(
            id=137,
            name="oldstory",
            title="Одна старая история",
            author="Peter Kosyh",
            version="0.4.4",
            size=2534494,
            date="2015-10-28",
            description=(
                "Программист получает приглашение на работу из института, о котором никогда не слышал. "
                "Чем больше он узнаёт об этом месте, тем сильнее подозревает неладное. "
                "Мрачноватая история о страхе, наблюдении и поиске правды."
            ),
        ),
        wiki=WikiEntry(
            pageid=1455,
            title="Одна старая история",
            authors=("gloomy",),
            released="2009",
            platform="INSTEAD",
            language="русский",
            themes=("Фантастика", "Триллер"),
            competitions=("{{КРИЛ|2009}}",),
            description=(
                "Программист получает приглашение на работу из института, о котором никогда не слышал. "
                "Герою предстоит разобраться, чем на самом деле занимаются его новые знакомые. "
                "На КРИЛ 2009 игра заняла пятое место."
            ),
            links=(Link(url="http://instead-games.ru/game.php?ID=137", title="Страница игры"),),
            revid=16720,
        ),
    ),
)

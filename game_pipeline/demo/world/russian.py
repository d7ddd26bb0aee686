"""Russian games known from ifwiki.ru, without a place on instead-games.ru."""

from game_pipeline.demo.world.entries import Game, IfdbEntry, Link, WikiEntry

RUSSIAN = (
    Game(
        slug="clara-6days",
        wiki=WikiEntry(
            pageid=820,
            title="Клара - расхитительница варенья",
            authors=("Николай Жариков",),
            released="2006",
            platform="6 days",
            language="русский",
            themes=("Юмор",),
            description=(
                "Небольшая игра для платформы «6 days» с простыми задачами. "
                "Из названия понятно, за чем охотится героиня. "
                "Позднее игру перенесли на INSTEAD."
            ),
            revid=10444,
        ),
    ),
    Game(
        slug="fallout-quest-original",
        wiki=WikiEntry(
            pageid=2216,
            title="Fallout Quest",
            authors=("Digital Geckos",),
            released=None,
            platform="",
            language="русский",
            themes=("Фанфик", "Постапокалипсис"),
            description=(
                "Любительская текстовая игра по вселенной Fallout. "
                "Место действия — Джанктаун, время — сразу после первой части. "
                "Существует порт на INSTEAD, которому посвящена отдельная страница."
            ),
            revid=13370,
        ),
    ),
    Game(
        slug="lift",
        wiki=WikiEntry(
            pageid=412,
            title="Лифт",
            authors=(),
            released=None,
            platform="",
            language="русский",
            description=(
                "Первая игра серии «Лифт». "
                "За ней последовали «Лифт-2» и «Лифт-3». "
                "Сведения об авторе и дате выхода на странице пока не указаны."
            ),
            revid=6120,
        ),
    ),
    Game(
        slug="lift-3",
        wiki=WikiEntry(
            pageid=414,
            title="Лифт-3",
            authors=(),
            released=None,
            platform="",
            language="русский",
            description=(
                "Третья игра серии «Лифт». "
                "Начинать знакомство с серией стоит с первой части. "
                "Сведения об авторе и дате выхода на странице пока не указаны."
            ),
            revid=6131,
        ),
    ),
    Game(
        slug="koschei",
        ifdb=IfdbEntry(
            tuid="g9k4sch3jd5twq1e",
            title="Кащей прячет смерть",
            author="fireton",
            published="2010",
            language="ru",
            genre="Fairy tale/Humor",
            devsys="TADS 2",
            description=(
                "Сказка, рассказанная с другой стороны: Кащею нужно надёжно спрятать собственную смерть. "
                "Команды вводятся с клавиатуры по-русски. "
                "In this Russian fairy tale you are the villain: Koschei has to hide his own death where no hero "
                "will find it."
            ),
            ifids=("TADS2-5F0C3E8A91B74D26A0E7C4513B9D82F6",),
            format="tads2",
            links=(Link(url="https://ifwiki.ru/Кащей_прячет_смерть", title="IFWiki (in Russian)", format="html"),),
            tags=("fairy tale", "Russian", "parser"),
            pageversion=4,
            rating=4.0,
            ratings=2,
        ),
        wiki=WikiEntry(
            pageid=1439,
            title="Кащей прячет смерть",
            authors=("fireton",),
            released="2009",
            platform="RTADS",
            language="русский",
            themes=("Сказка", "Юмор"),
            ifid="TADS2-5F0C3E8A91B74D26A0E7C4513B9D82F6",
            competitions=("{{КРИЛ|2009}}",),
            description=(
                "Сказка, рассказанная с другой стороны: Кащею нужно надёжно спрятать собственную смерть. "
                "Парсерная игра, сделанная на русской версии TADS. "
                "На КРИЛ 2009 она получила второе место."
            ),
            revid=15240,
        ),
    ),
    Game(
        slug="guardians-of-time",
        wiki=WikiEntry(
            pageid=1441,
            title="Хранители Времени",
            authors=("Rono Graisl", "elmortem"),
            released="2009",
            platform="QSP",
            language="русский",
            themes=("Фантастика",),
            competitions=("{{КРИЛ|2009}}",),
            description=(
                "Игра двух авторов для платформы QSP. "
                "На КРИЛ 2009 она получила третье место, уступив «Возвращению квантового кота» и "
                "«Кащею, прячущему смерть»."
            ),
            revid=15244,
        ),
    ),
    Game(
        slug="relative-reality",
        wiki=WikiEntry(
            pageid=1460,
            title="Относительная реальность",
            authors=("Владимир Голубев",),
            released="2009",
            platform="QSP",
            language="русский",
            competitions=("{{КРИЛ|2009}}",),
            description=(
                "Игра для QSP, автор которой подписывается также WladySpb. "
                "Участвовала в КРИЛ 2009 и заняла шестое место."
            ),
            revid=15249,
        ),
    ),
    Game(
        slug="wumpus-kir",
        wiki=WikiEntry(
            pageid=10322,
            title="Охота на Вампуса (Хэнк Киръ)",
            authors=("Хэнк Киръ",),
            released=None,
            platform="",
            language="русский",
            themes=("Логика", "Классика"),
            description=(
                "Одна из русских версий классической игры «Hunt the Wumpus». "
                "Охотник бродит по пещерам, соединённым ходами, и по косвенным признакам ищет чудовище. "
                "В пещерах есть бездонные ямы и летучие мыши, а стрел всего несколько."
            ),
            revid=26810,
        ),
    ),
    Game(
        slug="wumpus-vyglazov",
        wiki=WikiEntry(
            pageid=12904,
            title="Охота на Вампуса (Выглазов, Анатолий)",
            authors=("Выглазов, Анатолий",),
            released=None,
            platform="",
            language="русский",
            themes=("Логика", "Классика"),
            description=(
                "Переложение «Hunt the Wumpus», одной из первых компьютерных игр о пещерах. "
                "Игрок ходит из пещеры в пещеру, слушает и принюхивается. "
                "Победить Вампуса можно одной меткой стрелой, если угадать, где он спит."
            ),
            revid=30117,
        ),
    ),
    Game(
        slug="black-castle-urq",
        wiki=WikiEntry(
            pageid=533,
            title="Подземелья Чёрного Замка (URQ)",
            authors=("Дмитрий Браславский",),
            released=None,
            platform="URQ",
            language="русский",
            themes=("Фэнтези", "Книга-игра"),
            description=(
                "Переложение книги-игры Дмитрия Браславского, вышедшей в 1991 году. "
                "Злой чародей Барлад Дэрт похитил принцессу и укрылся в замке посреди заколдованного леса. "
                "Герой выбирает дорогу, сражается и бережёт заклинания: их запас невелик."
            ),
            revid=8077,
        ),
    ),
    Game(
        slug="count-nulin",
        wiki=WikiEntry(
            pageid=14210,
            title="Граф Нулин",
            authors=(),
            released=None,
            platform="",
            language="русский",
            themes=("Классика", "Экранизация"),
            description=(
                "Интерактивное переложение шуточной поэмы Пушкина. "
                "Граф, у которого сломалась коляска, ночует в чужой усадьбе и неверно понимает любезность хозяйки."
            ),
            revid=33890,
        ),
    ),
)

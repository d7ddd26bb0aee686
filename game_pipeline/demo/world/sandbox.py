"""Games of the instead-games.ru sandbox, which nobody has approved yet; the sandbox often names no author."""

from game_pipeline.demo.world.entries import Game, IfdbEntry, InsteadEntry, Link, WikiEntry

SANDBOX = (
    Game(
        slug="violet",
        instead=InsteadEntry(
            id=217,
            name="violet",
            title="Виолетта",
            author="",
            version="1.0",
            size=2499263,
            date="2016-02-21",
            description=(
                "Русская версия игры «Violet» Джереми Фриза. "
                "Аспиранту нужно наконец написать тысячу слов диссертации, иначе подруга уедет. "
                "Мешает ему буквально всё, что есть в кабинете и за окном."
            ),
            approved=False,
        ),
        ifdb=IfdbEntry(
            tuid="4glrrfh7wrp9zz7b",
            title="Violet",
            author="Jeremy Freese",
            published="2008",
            language="en",
            genre="Slice of life",
            devsys="Inform 7",
            description=(
                "A graduate student has one day to write a thousand words of his dissertation, or his girlfriend will "
                "leave for good. The office is small and full of distractions, and each of them has to be dealt with. "
                "The whole story is narrated in the voice of the girlfriend as he imagines it."
            ),
            format="zcode",
            links=(
                Link(
                    url="http://mirror.ifarchive.org/if-archive/games/zcode/Violet.zblorb",
                    title="Violet.zblorb",
                    format="zcode",
                    is_game=True,
                    play_online="https://iplayif.com/?story=https%3A%2F%2Fifarchive.org%2Fif-archive%2Fgames%2Fzcode%2FViolet.zblorb",
                ),
                Link(
                    url="http://instead-games.ru/game.php?ID=217",
                    title="Russian version for INSTEAD",
                    format="html",
                ),
            ),
            tags=("one-room", "humor", "romance", "IFComp 2008"),
            pageversion=21,
            rating=4.1,
            ratings=301,
        ),
    ),
    Game(
        slug="game-of-life",
        instead=InsteadEntry(
            id=150,
            name="game_of_life",
            title="Игра «Жизнь»",
            author="",
            version="0.3",
            size=109787,
            date="2014-02-28",
            description=(
                "Клеточный автомат, придуманный математиком Джоном Конвеем. "
                "Клетки рождаются и умирают по двум простым правилам, а игрок только задаёт начальный узор."
            ),
            approved=False,
        ),
    ),
    Game(
        slug="chess",
        instead=InsteadEntry(
            id=225,
            name="chess",
            title="Шахматы",
            author="",
            version="0.3",
            size=423458,
            date="2016-06-26",
            description=(
                "Обычные шахматы, реализованные средствами INSTEAD. "
                "Пример того, что на платформе для текстовых игр можно сделать и настольную."
            ),
            approved=False,
        ),
    ),
    Game(
        slug="big-pig-dice",
        instead=InsteadEntry(
            id=220,
            name="dice_game_big_pig",
            title='Игра в кости "Большая Свинья"',
            author="",
            version="1.2",
            size=26892945,
            date="2016-04-12",
            description=(
                "Азартная игра, в которой нужно вовремя остановиться. "
                "Игроки по очереди бросают кости и копят очки; неудачный бросок сжигает всё, что набрано за ход."
            ),
            approved=False,
        ),
    ),
    Game(
        slug="darkwing",
        instead=InsteadEntry(
            id=133,
            name="darkwing-nomusic",
            title="Чёрный Плащ: Герой в маске",
            author="",
            version="0.1",
            size=104112,
            date="2013-11-27",
            description=(
                "Квест по мотивам мультсериала о Чёрном Плаще, ночном защитнике города. "
                "Версия без музыки, поэтому архив получился небольшим."
            ),
            approved=False,
        ),
        wiki=WikiEntry(
            pageid=5633,
            title="Чёрный Плащ: герой в маске",
            authors=(),
            released=None,
            platform="INSTEAD",
            language="русский",
            themes=("Фанфик",),
            description=(
                "Квест по мотивам мультсериала о Чёрном Плаще, ночном защитнике города. "
                "Игра лежит в песочнице instead-games.ru."
            ),
            links=(Link(url="http://instead-games.ru/game.php?ID=133", title="Страница игры"),),
            revid=17580,
        ),
    ),
    Game(
        slug="death-note-autograph",
        instead=InsteadEntry(
            id=23,
            name="dn_mission_autograph",
            title="Death Note: Миссия <<Автограф>>",
            author="",
            version="0.1.1",
            size=7706,
            date="2018-01-05",
            description=(
                "Небольшой фанфик по аниме «Тетрадь смерти». "
                "Предполагается, что игрок уже знаком с героями и правилами Тетради."
            ),
            approved=False,
        ),
        wiki=WikiEntry(
            pageid=5701,
            title="Death Note: Миссия «Автограф»",
            authors=("SpeakingStone",),
            released=None,
            platform="INSTEAD",
            language="русский",
            themes=("Фанфик", "Аниме"),
            description=(
                "Небольшой фанфик по аниме «Тетрадь смерти». "
                "По той же вселенной сделана игра «Death Note: Мария в Тетради»."
            ),
            links=(Link(url="http://instead-games.ru/game.php?ID=23", title="Страница игры"),),
            revid=17802,
        ),
    ),
)

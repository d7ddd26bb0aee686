"""English games of 1987-2004 on IFDB, some with a page or a translation on ifwiki.ru."""

from game_pipeline.demo.world.entries import Game, IfdbEntry, Link, WikiEntry

ENGLISH_CLASSICS = (
    Game(
        slug="frankenstein-1987",
        ifdb=IfdbEntry(
            tuid="r0fr4nk1987wq6zt",
            title="Frankenstein",
            author="Rod Pike",
            published="1987",
            language="en",
            genre="Horror",
            devsys="The Quill",
            description=(
                "A text adventure in three parts for 8-bit home computers, after Mary Shelley's novel. "
                "Victor Frankenstein pursues the being he made and must put an end to what he began."
            ),
            format=None,
            tags=("8-bit", "horror", "literary adaptation"),
            pageversion=4,
            rating=3.0,
            ratings=3,
        ),
    ),
    Game(
        slug="curses",
        ifdb=IfdbEntry(
            tuid="plvzam05bmz3enh8",
            title="Curses",
            author="Graham Nelson",
            published="1993",
            language="en",
            genre="Fantasy",
            devsys="Inform 6",
            description=(
                "All you want is an old map of Paris, which must be somewhere in the attic of the family mansion. "
                "The search goes further than the house, into other places, other ages & the history of your family. "
                "A large and difficult puzzle game, and the first big one to be written in Inform."
            ),
            ifids=("ZCODE-16-951024",),
            format="zcode",
            links=(
                Link(
                    url="http://mirror.ifarchive.org/if-archive/games/zcode/curses.z5",
                    title="curses.z5",
                    format="zcode",
                    is_game=True,
                ),
            ),
            tags=("attic", "family", "puzzle fest", "time travel"),
            pageversion=33,
            rating=4.0,
            ratings=171,
        ),
        wiki=WikiEntry(
            pageid=702,
            title="Curses",
            authors=("Грэм Нельсон",),
            released="1995",
            platform="Inform",
            language="английский",
            themes=("Фэнтези", "Классика"),
            ifid="ZCODE-16-951024",
            description=(
                "Большая и трудная игра, первая крупная работа на языке Inform. "
                "Поиски старой карты Парижа на чердаке фамильного особняка заводят героя в другие места и эпохи. "
                "Указан год выпуска шестнадцатой, самой распространённой редакции."
            ),
            links=(Link(url="https://ifdb.org/viewgame?id=plvzam05bmz3enh8", title="Curses на IFDB"),),
            revid=12077,
        ),
    ),
    Game(
        slug="jigsaw",
        ifdb=IfdbEntry(
            tuid="28uhmejlntcbccqm",
            title="Jigsaw",
            author="Graham Nelson",
            published="1995",
            language="en",
            genre="Historical/Science Fiction",
            devsys="Inform 6",
            description=(
                "At a party on the last evening of 1999 you meet an attractive stranger dressed in black. "
                "The stranger is about to change history, and a machine in the shape of a jigsaw lets you follow. "
                "Each piece opens on another moment of the twentieth century, which has to be put right."
            ),
            ifids=("ZCODE-3-951129",),
            format="zcode",
            tags=("historical", "long-form", "time travel"),
            pageversion=22,
            rating=4.0,
            ratings=86,
        ),
    ),
    Game(
        slug="a-change-in-the-weather",
        ifdb=IfdbEntry(
            tuid="v7wth3r0m2qk5zla",
            title="A Change in the Weather",
            author="Andrew Plotkin",
            published="1995",
            language="en",
            genre="Slice of life",
            devsys="Inform 5",
            description=(
                "A picnic with friends, a walk alone in the hills, and then the weather turns. "
                "You take shelter for the night, and the rain threatens the bridge that everybody needs to get home. "
                "The game is short, but every turn counts & mistakes are rarely forgiven."
            ),
            format="zcode",
            links=(
                Link(
                    url="http://ifwiki.ru/Change_in_the_Weather",
                    title="IFWiki (in Russian)",
                    format="html",
                ),
            ),
            tags=("IFComp 1995", "short", "timed", "weather"),
            pageversion=14,
            rating=3.3,
            ratings=68,
        ),
        wiki=WikiEntry(
            pageid=1188,
            title="Change in the Weather",
            authors=("Эндрю Плоткин",),
            released="1995",
            platform="Inform",
            language="английский",
            themes=("Реализм",),
            description=(
                "Короткая, но трудная игра Эндрю Плоткина. "
                "Герой отходит от друзей во время пикника, и в горах его застаёт непогода. "
                "Победитель самого первого IFComp среди игр на Inform."
            ),
            links=(
                Link(
                    url="https://ifdb.org/viewgame?id=v7wth3r0m2qk5zla",
                    title="A Change in the Weather на IFDB",
                ),
            ),
            revid=11904,
        ),
    ),
    Game(
        slug="anchorhead",
        ifdb=IfdbEntry(
            tuid="op0uw1gn1tjqmjt7",
            title="Anchorhead",
            author="Michael Gentry",
            published="1998",
            language="en",
            genre="Horror",
            devsys="Inform 6",
            description=(
                "Your husband has inherited a house in a rainy little town on the coast of New England. "
                "The townspeople avoid you, he grows stranger by the day, and the family history will not stay buried. "
                "A long horror story in the manner of H. P. Lovecraft, told over several days."
            ),
            ifids=("ZCODE-5-990206",),
            format="zcode",
            links=(
                Link(
                    url="http://ifarchive.org/if-archive/games/zcode/anchor.z8",
                    title="anchor.z8",
                    format="zcode",
                    is_game=True,
                ),
            ),
            tags=("gothic", "horror", "Lovecraftian", "long-form"),
            pageversion=52,
            rating=4.5,
            ratings=390,
        ),
    ),
    Game(
        slug="photopia",
        ifdb=IfdbEntry(
            tuid="ju778uv5xaswnlpl",
            title="Photopia",
            author="Adam Cadre",
            published="1998",
            language="en",
            genre="Slice of life",
            devsys="Inform 6",
            description=(
                "Several people tell parts of one story, and they do not tell them in order. "
                "Scenes of ordinary life alternate with a fairy tale in bright colours. "
                "There is hardly a puzzle to solve; what matters is how the pieces come together."
            ),
            format="zcode",
            links=(
                Link(
                    url="http://mirror.ifarchive.org/if-archive/games/zcode/photopia.z5",
                    title="photopia.z5",
                    format="zcode",
                    is_game=True,
                ),
            ),
            tags=("IFComp 1998", "multiple protagonists", "puzzleless", "short"),
            pageversion=38,
            rating=4.1,
            ratings=470,
        ),
        wiki=WikiEntry(
            pageid=934,
            title="Фотопия",
            authors=("Адам Кадр",),
            released="1998",
            platform="RInform",
            language="русский",
            themes=("Драма", "Перевод"),
            description=(
                "Русский перевод игры «Photopia», победителя IFComp 1998. "
                "Историю рассказывают несколько человек, и рассказывают не по порядку. "
                "Загадок почти нет: важно, как эпизоды складываются в одно целое."
            ),
            links=(
                Link(url="http://ifdb.tads.org/viewgame?id=ju778uv5xaswnlpl", title="Photopia на IFDB"),
                Link(
                    url="http://mirror.ifarchive.org/if-archive/games/zcode/photopia.z5",
                    title="Оригинал на английском",
                    is_game=True,
                ),
            ),
            revid=14031,
        ),
    ),
    Game(
        slug="spider-and-web",
        ifdb=IfdbEntry(
            tuid="2xyccw3pe0uovfad",
            title="Spider and Web",
            author="Andrew Plotkin",
            published="1998",
            language="en",
            genre="Espionage",
            devsys="Inform 6",
            description=(
                "You say that you are a tourist who took a wrong turning in an old city. "
                "The man who interrogates you says that you are a spy, and he wants your story told again and again. "
                "Each telling must agree with what he already knows, and that leaves room for a surprise."
            ),
            ifids=("ZCODE-4-980226",),
            format="zcode",
            links=(
                Link(
                    url="http://mirror.ifarchive.org/if-archive/games/zcode/Tangle.z5",
                    title="Tangle.z5",
                    format="zcode",
                    is_game=True,
                ),
            ),
            tags=("gadgets", "interrogation", "spy", "unreliable narrator"),
            pageversion=30,
            rating=4.3,
            ratings=280,
        ),
        wiki=WikiEntry(
            pageid=1201,
            title="Spider and Web",
            authors=("Эндрю Плоткин",),
            released="1998",
            platform="Inform",
            language="английский",
            themes=("Шпионы", "Фантастика"),
            ifid="ZCODE-4-980226",
            description=(
                "Герой попался и теперь на допросе рассказывает, как проник в секретную лабораторию. "
                "Следователь знает достаточно, чтобы заметить ложь, и заставляет начинать сначала. "
                "Игра знаменита одной неожиданной развязкой посередине."
            ),
            links=(Link(url="https://ifdb.org/viewgame?id=2xyccw3pe0uovfad", title="Spider and Web на IFDB"),),
            revid=11950,
        ),
    ),
    Game(
        slug="varicella",
        ifdb=IfdbEntry(
            tuid="ywwlr3tpxnktjasd",
            title="Varicella",
            author="Adam Cadre",
            published="1999",
            language="en",
            genre="Alternate history",
            devsys="Inform 6",
            description=(
                "The king is dead, and his palace minister means to become regent. "
                "So do several other courtiers, and all of them have to be removed before the day is out. "
                "The game is meant to be replayed until the perfect coup has been worked out."
            ),
            ifids=("ZCODE-1-990831",),
            format="zcode",
            tags=("intrigue", "palace", "timed", "villain protagonist"),
            pageversion=25,
            rating=4.1,
            ratings=150,
        ),
    ),
    Game(
        slug="galatea",
        ifdb=IfdbEntry(
            tuid="urxrv27t7qtu52lb",
            title="Galatea",
            author="Emily Short",
            published="2000",
            language="en",
            genre="Conversation",
            devsys="Inform 6",
            description=(
                "At the opening of an exhibition you come upon a statue that can speak. "
                "Everything that follows is one conversation with her, and it can go in many directions. "
                "There are dozens of endings, and none of them is the only right one."
            ),
            format="zcode",
            links=(
                Link(
                    url="http://mirror.ifarchive.org/if-archive/games/zcode/Galatea.zblorb",
                    title="Galatea.zblorb",
                    format="zcode",
                    is_game=True,
                ),
            ),
            tags=("conversation", "multiple endings", "mythology", "one-room"),
            pageversion=31,
            rating=3.9,
            ratings=350,
        ),
    ),
    Game(
        slug="shade",
        ifdb=IfdbEntry(
            tuid="hsfc7fnl40k4a30q",
            title="Shade",
            author="Andrew Plotkin",
            published="2000",
            language="en",
            genre="Surreal",
            devsys="Inform 6",
            description=(
                "It is the small hours of the morning, and in a little while you leave for the desert. "
                "There is a taxi to wait for, a bag to pack and a ticket to find in a one-room flat. "
                "Then small things begin to be not quite as they should."
            ),
            ifids=("ZCODE-3-001127",),
            format="zcode",
            tags=("desert", "horror", "one-room", "short"),
            pageversion=23,
            rating=4.0,
            ratings=320,
        ),
    ),
)

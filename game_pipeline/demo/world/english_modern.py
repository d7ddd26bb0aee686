"""English games of 2001-2018 on IFDB, some with a page or a translation on ifwiki.ru."""

from game_pipeline.demo.world.entries import Game, IfdbEntry, Link, WikiEntry

ENGLISH_MODERN = (
    Game(
        slug="a-night-guest",
        ifdb=IfdbEntry(
            tuid="n1ghtgu3st5xk0ap",
            title="A Night Guest",
            author="Valentine Kopteltsev (as Dr. Inkalot)",
            published="2001",
            language="en",
            genre="Humor",
            devsys="TADS 2",
            description=(
                "A comic tale told in verse, in which a gentleman receives an unexpected visitor at night. "
                "The game is short and its story runs on a fixed course; the pleasure is in the telling. "
                "It took part in IFComp 2001."
            ),
            ifids=("TADS2-A71D40C65E2B4F389C06D8E1F2753BA4",),
            format="tads2",
            tags=("IFComp 2001", "verse", "short"),
            pageversion=8,
            rating=2.9,
            ratings=17,
        ),
        wiki=WikiEntry(
            pageid=4870,
            title="Ночной гость",
            authors=("Валентин Коптельцев", "Александр Коголь"),
            released="2012",
            platform="TADS",
            language="русский",
            themes=("Юмор", "Перевод"),
            ifid="TADS2-A71D40C65E2B4F389C06D8E1F2753BA4",
            competitions=("{{КРИЛ|2012}}",),
            description=(
                "Перевод стихотворной игры «A Night Guest», участвовавшей в IFComp 2001. "
                "К барину среди ночи является гость, которого никто не звал. "
                "Перевод Александра Коголя вышел на КРИЛ 2012 в номинации для иностранных игр."
            ),
            links=(Link(url="https://ifdb.org/viewgame?id=n1ghtgu3st5xk0ap", title="A Night Guest на IFDB"),),
            revid=19377,
        ),
    ),
    Game(
        slug="savoir-faire",
        ifdb=IfdbEntry(
            tuid="p0cizeb3kiwzlm2p",
            title="Savoir-Faire",
            author="Emily Short",
            published="2002",
            language="en",
            genre="Fantasy/Historical",
            devsys="Inform 6",
            description=(
                "France, 1772. You come home to borrow money from your foster father and find the house deserted. "
                "In this world like things can be linked by magic, so that what happens to one happens to the other. "
                "Nearly every puzzle is a new use of that single idea."
            ),
            format="zcode",
            links=(
                Link(
                    url="http://mirror.ifarchive.org/if-archive/games/zcode/Savoir-Faire.zblorb",
                    title="Savoir-Faire.zblorb",
                    format="zcode",
                    is_game=True,
                ),
            ),
            tags=("historical", "magic", "old school", "puzzle fest"),
            pageversion=27,
            rating=4.2,
            ratings=155,
        ),
    ),
    Game(
        slug="slouching-towards-bedlam",
        ifdb=IfdbEntry(
            tuid="032krqe6bjn5au78",
            title="Slouching Towards Bedlam",
            author="Star Foster & Daniel Ravipinto",
            published="2003",
            language="en",
            genre="Steampunk",
            devsys="Inform 6",
            description=(
                "London, 1855, among brass and steam. "
                "A doctor of Bethlehem Hospital listens to the recordings of a patient and finds himself changed. "
                "How to act on what he learns is left to the player, and each of the endings can be defended."
            ),
            format="zcode",
            tags=("IFComp 2003", "moral choice", "multiple endings", "steampunk"),
            pageversion=29,
            rating=4.3,
            ratings=260,
        ),
    ),
    Game(
        slug="vespers",
        ifdb=IfdbEntry(
            tuid="6dj2vguyiagrhvc2",
            title="Vespers",
            author="Jason Devlin",
            published="2005",
            language="en",
            genre="Religious/Horror",
            devsys="Inform 6",
            description=(
                "The plague has come to an Italian monastery in the fourteenth century. "
                "As the abbot, you have shut the gates, but death is already inside and faith is giving way. "
                "What you do and what you leave undone decides how the story ends."
            ),
            format="zcode",
            links=(
                Link(
                    url="http://mirror.ifarchive.org/if-archive/games/zcode/vespers.z8",
                    title="vespers.z8",
                    format="zcode",
                    is_game=True,
                ),
            ),
            tags=("horror", "IFComp 2005", "monastery", "plague"),
            pageversion=20,
            rating=4.1,
            ratings=190,
        ),
        wiki=WikiEntry(
            pageid=2750,
            title="Вечерня",
            authors=("Джейсон Девлин",),
            released="2005",
            platform="RInform",
            language="русский",
            themes=("Ужасы", "История", "Перевод"),
            description=(
                "Русский перевод игры «Vespers», победителя IFComp 2005. "
                "Итальянский монастырь XIV века закрыл ворота от чумы, но болезнь уже внутри. "
                "Игрок в роли настоятеля решает, кому помочь и во что верить; от этого зависит финал."
            ),
            links=(Link(url="https://ifdb.org/viewgame?id=6dj2vguyiagrhvc2", title="Vespers на IFDB"),),
            revid=17015,
        ),
    ),
    Game(
        slug="bronze",
        ifdb=IfdbEntry(
            tuid="9p8kh3im2j9h2881",
            title="Bronze",
            author="Emily Short",
            published="2006",
            language="en",
            genre="Fantasy",
            devsys="Inform 7",
            description=(
                "A retelling of Beauty and the Beast that begins where the heroine comes back to the castle. "
                "It is large, silent and full of old debts, and its master is not where he should be. "
                "The game keeps track of explored rooms and helps newcomers on request."
            ),
            ifids=("1810847C-0DC7-44D5-94EF-313A3E7AF257",),
            format="zcode",
            links=(
                Link(
                    url="http://inform7.com/learn/eg/bronze/index.html",
                    title="Source text",
                    desc="The whole game as an example of Inform 7",
                    format="html",
                ),
            ),
            tags=("castle", "fairy tale", "fantasy", "good for beginners"),
            pageversion=34,
            rating=4.3,
            ratings=192,
        ),
    ),
    Game(
        slug="lost-pig",
        ifdb=IfdbEntry(
            tuid="mohwfk47yjzii14w",
            title="Lost Pig",
            author="Admiral Jota",
            published="2007",
            language="en",
            genre="Humor",
            devsys="Inform 6",
            description=(
                "Grunk is an orc, and Grunk was supposed to look after the pigs. "
                "One of them has run off, so Grunk follows it into a hole in the ground and an old ruin. "
                "Everything is told in Grunk's own words, and nearly any silly command has an answer."
            ),
            format="zcode",
            links=(
                Link(
                    url="http://mirror.ifarchive.org/if-archive/games/zcode/LostPig.z8",
                    title="LostPig.z8",
                    format="zcode",
                    is_game=True,
                ),
            ),
            tags=("good for beginners", "humor", "IFComp 2007", "orc", "pig"),
            pageversion=41,
            rating=4.4,
            ratings=480,
        ),
    ),
    Game(
        slug="frankenstein-2012",
        ifdb=IfdbEntry(
            tuid="x2fr4nk2012jd9mv",
            title="Frankenstein",
            author="Dave Morris",
            published="2012-04-26",
            language="en",
            genre="Horror/Literary",
            devsys="inklewriter",
            description=(
                "Mary Shelley's novel rewritten as an interactive book for phones and tablets. "
                "The reader talks to Victor, advises him and wins or loses his trust. "
                "It shares its title with a much older text adventure."
            ),
            format=None,
            tags=("choice-based", "literary adaptation", "mobile"),
            pageversion=6,
            rating=3.8,
            ratings=12,
        ),
    ),
    Game(
        slug="counterfeit-monkey",
        ifdb=IfdbEntry(
            tuid="aearuuxv83plclpl",
            title="Counterfeit Monkey",
            author="Emily Short",
            published="2012-12-31",
            language="en",
            genre="Espionage/Wordplay",
            devsys="Inform 7",
            description=(
                "On this island words have power over things: take a letter away and a thing becomes another. "
                "Two people who share one body must slip out of the country before the authorities notice. "
                "A letter-remover and a little imagination will turn almost anything into something useful."
            ),
            format="glulx",
            links=(
                Link(
                    url="http://mirror.ifarchive.org/if-archive/games/glulx/CounterfeitMonkey.gblorb",
                    title="CounterfeitMonkey.gblorb",
                    format="glulx",
                    is_game=True,
                ),
            ),
            tags=("long-form", "wordplay", "XYZZY Award"),
            pageversion=44,
            rating=4.6,
            ratings=330,
        ),
    ),
    Game(
        slug="80-days",
        ifdb=IfdbEntry(
            tuid="du51t0qrhjqlnbij",
            title="80 DAYS",
            author="inkle, Meg Jayanth",
            published="2014-07-31",
            language="en",
            genre="Steampunk/Travel",
            devsys="ink",
            description=(
                "Passepartout must bring Phileas Fogg round the world in eighty days by a route of your choosing. "
                "This is not quite Jules Verne's world: airships and walking machines cross it. "
                "Time, money and the master's health all have to last until London."
            ),
            format=None,
            tags=("choice-based", "commercial", "steampunk", "travel"),
            pageversion=18,
            rating=4.5,
            ratings=140,
        ),
    ),
    Game(
        slug="hadean-lands",
        ifdb=IfdbEntry(
            tuid="u58d0mlbfwcorfi",
            title="Hadean Lands",
            author="Andrew Plotkin",
            published="2014-10-30",
            language="en",
            genre="Fantasy",
            devsys="Inform 7",
            description=(
                "An alchemical starship lies wrecked, its crew frozen behind cracks in time. "
                "An apprentice has to learn the rituals, find the ingredients and get through the closed doors. "
                "Once a ritual is known, the game performs it and all its steps on a single command."
            ),
            format="glulx",
            tags=("alchemy", "commercial", "puzzle fest"),
            pageversion=22,
            rating=4.4,
            ratings=120,
        ),
    ),
    Game(
        slug="the-wizard-sniffer",
        ifdb=IfdbEntry(
            tuid="uq18rw9gt8j58da",
            title="The Wizard Sniffer",
            author="Buster Hudson",
            published="2017",
            language="en",
            genre="Fantasy/Humor",
            devsys="Inform 7",
            description=(
                "A boastful knight and his squire believe that their pig can smell out a wizard in disguise. "
                "You are the pig, and all that you can do is walk about and sniff. "
                "With that, and with companions who misunderstand you, a castle has to be searched."
            ),
            format="glulx",
            tags=("animal protagonist", "humor", "IFComp 2017", "limited verbs"),
            pageversion=15,
            rating=4.4,
            ratings=160,
        ),
    ),
    Game(
        slug="cragne-manor",
        ifdb=IfdbEntry(
            tuid="4x7nltu8p851tn4x",
            title="Cragne Manor",
            author="Ryan Veeder, Jenni Polodna, et al.",
            published="2018",
            language="en",
            genre="Horror/Tribute",
            devsys="Inform 7",
            description=(
                'A tribute to "Anchorhead" on its twentieth birthday, made by more than eighty authors. '
                "Each of them wrote one room without seeing the others, so every door leads to another style. "
                "Naomi Cragne is looking for her husband in a Vermont town that nobody should visit."
            ),
            format="glulx",
            links=(
                Link(
                    url="http://mirror.ifarchive.org/if-archive/games/glulx/cragne.gblorb",
                    title="cragne.gblorb",
                    format="glulx",
                    is_game=True,
                ),
            ),
            tags=("collaboration", "horror", "long-form", "tribute"),
            pageversion=17,
            rating=4.3,
            ratings=75,
        ),
    ),
)

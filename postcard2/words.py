"""Every word for what can be seen, by what it means; knows nothing of sentences. The app reads it as words.json."""

from __future__ import annotations

SUBJECT_WORDS: dict[str, tuple[str, ...]] = {
    "girl": ("girl", "schoolgirl", "lass", "little girl", "young girl", "daughter"),
    "boy": ("boy", "schoolboy", "lad", "little boy", "young boy", "son"),
    "woman": ("woman", "lady", "mother", "queen", "grandmother", "princess"),
    "man": ("man", "gentleman", "father", "grandfather", "guy", "person"),
    "astronaut": ("astronaut", "spaceman", "cosmonaut", "spacewoman"),
    "cat": ("cat", "kitten", "feline", "kitty", "tabby", "tomcat"),
    "dog": ("dog", "puppy", "hound", "doggy", "canine", "pup"),
    "fox": ("fox", "vixen", "foxy", "fox cub"),
    "rabbit": ("rabbit", "bunny", "hare", "bunny rabbit"),
    "horse": ("horse", "pony", "stallion", "mare", "foal"),
    "cow": ("cow", "bull", "calf", "ox", "cattle"),
    "bear": ("bear", "teddy", "teddy bear", "grizzly", "bear cub"),
    "owl": ("owl", "barn owl", "owlet", "night owl"),
    "bird": ("bird", "sparrow", "songbird", "finch", "birdie", "robin"),
    "penguin": ("penguin", "emperor penguin", "little penguin"),
    "fish": ("fish", "goldfish", "trout", "salmon"),
    "butterfly": ("butterfly", "moth", "monarch butterfly"),
    "dinosaur": ("dinosaur", "dino", "brontosaurus", "sauropod"),
    "dragon": ("dragon", "wyvern", "fire dragon", "drake"),
    "robot": ("robot", "android", "droid", "toy robot", "machine"),
    "snowman": ("snowman", "man of snow", "snow man"),
    "boat": ("boat", "sailboat", "ship", "yacht", "sailing boat", "sailing ship"),
    "car": ("car", "automobile", "vehicle", "sedan", "motorcar", "taxi"),
    "train": ("train", "locomotive", "steam train", "steam engine", "railway engine"),
    "plane": ("plane", "airplane", "aeroplane", "aircraft", "jet"),
    "rocket": ("rocket", "spaceship", "rocket ship", "spacecraft", "space rocket"),
    "balloon": ("balloon", "hot air balloon", "hot-air balloon", "airship"),
    "bicycle": ("bicycle", "bike", "cycle", "pushbike"),
    "house": ("house", "cottage", "home", "cabin", "hut"),
    "castle": ("castle", "fortress", "palace", "fort"),
    "lighthouse": ("lighthouse", "light house", "beacon"),
    "tree": ("tree", "oak", "leafy tree", "maple"),
    "flower": ("flower", "blossom", "bloom", "daisy", "sunflower"),
    "rose": ("rose", "rosebud", "long-stemmed rose"),
    "mushroom": ("mushroom", "toadstool", "fungus"),
    "cup": ("cup", "mug", "teacup", "coffee cup", "cup of tea", "cup of coffee"),
    "cake": ("cake", "birthday cake", "gateau", "pie"),
    "ball": ("ball", "beach ball", "striped ball", "toy ball"),
    "heart": ("heart", "love heart", "valentine heart"),
}  # fmt: skip
PLURALS = {"man": "men", "woman": "women", "snowman": "snowmen", "fish": "fish", "spaceman": "spacemen", "lady": "ladies",
           "puppy": "puppies", "kitty": "kitties", "bunny": "bunnies", "pony": "ponies", "gentleman": "gentlemen",
           "butterfly": "butterflies", "doggy": "doggies", "teddy": "teddies", "calf": "calves", "trout": "trout",
           "person": "people", "fortress": "fortresses", "ox": "oxen", "foxy": "foxes", "mare": "mares"}  # fmt: skip
COLOUR_WORDS: dict[str, tuple[str, ...]] = {
    "red": ("red", "crimson", "scarlet", "ruby", "cherry"),
    "orange": ("orange", "tangerine", "ginger", "amber"),
    "yellow": ("yellow", "lemon", "canary", "mustard", "golden", "blonde"),
    "green": ("green", "emerald", "lime", "jade", "olive"),
    "turquoise": ("turquoise", "teal", "cyan", "aqua"),
    "blue": ("blue", "azure", "navy", "cobalt", "sapphire"),
    "purple": ("purple", "violet", "lilac", "plum", "lavender"),
    "pink": ("pink", "magenta", "fuchsia", "salmon pink"),
    "white": ("white", "snow-white", "ivory", "cream"),
    "grey": ("grey", "gray", "silver", "slate"),
    "brown": ("brown", "chocolate", "chestnut", "tan", "beige"),
    "black": ("black", "ebony", "charcoal", "jet black"),
}
PLACE_WORDS: dict[str, tuple[str, ...]] = {
    "beach": ("beach", "shore", "seaside", "coast", "seashore"),
    "sea": ("sea", "ocean", "water", "lake"),
    "snow": ("snow", "winter", "arctic", "ice", "tundra"),
    "mountains": ("mountains", "mountain", "alps", "peaks", "summit"),
    "forest": ("forest", "woods", "woodland", "pines", "jungle"),
    "meadow": ("meadow", "field", "grass", "countryside", "hills"),
    "garden": ("garden", "park", "backyard", "yard"),
    "city": ("city", "downtown", "skyline", "skyscrapers", "metropolis"),
    "street": ("street", "road", "town", "village", "alley"),
    "desert": ("desert", "dunes", "sahara", "canyon"),
    "room": ("room", "bedroom", "indoors", "kitchen", "house interior"),
    "sky": ("sky", "air", "clouds", "heavens"),
    "space": ("space", "cosmos", "galaxy", "moon surface", "outer space"),
}
PLACE_PHRASES: dict[str, tuple[str, ...]] = {
    "beach": ("on the beach", "on a beach", "at the beach", "on the shore", "at the seaside", "on a sandy beach",
        "on the coast",
              "at the seashore", "on a tropical beach", "on a palm beach", "beach", "beach scene", "by the seashore",
              "under a palm tree", "on the sand by the sea", "by the sea"),
    "sea": ("on the sea", "at sea", "in the sea", "in the ocean", "on the ocean", "on the water", "in the water", "on a lake",
            "among the waves", "on the waves", "sea", "ocean scene", "in the middle of the ocean", "out at sea",
            "on the open sea"),
    "snow": ("in the snow", "in snow", "in a snowy landscape", "in winter", "on a snowy field", "in the arctic", "on the ice",
             "in a winter landscape", "snow", "winter scene", "on the tundra", "in deep snow", "on snowy ground",
             "surrounded by snow", "at the north pole"),
    "mountains": ("in the mountains", "in front of the mountains", "on a mountain", "in the alps", "among the peaks",
                  "on a mountain top", "high in the mountains", "mountains", "mountain scene", "with mountains behind",
                  "in a mountain valley", "on a summit", "at the foot of a mountain"),
    "forest": ("in the forest", "in a forest", "in the woods", "in a dark forest", "in a pine forest", "among the pines",
               "in the woodland", "between tall trees", "forest", "woodland scene", "in a green forest", "deep in the woods",
               "in front of a forest", "in an enchanted forest", "in the jungle"),
    "meadow": ("in a meadow", "in the meadow", "in a field", "on the grass", "in the countryside", "on green hills",
               "in a green field", "in a flower meadow", "meadow", "rural scene", "on a grassy hill", "in the fields",
               "on a lawn", "on rolling hills", "on a farm"),
    "garden": ("in the garden", "in a garden", "in the park", "in a park", "in the backyard", "garden", "garden scene",
               "in front of a fence", "among the flower beds", "in a flower garden", "beside the garden fence", "in the yard"),
    "city": ("in the city", "in a city", "downtown", "in front of the skyline", "city", "urban scene", "among skyscrapers",
             "between tall buildings", "in a big city", "in the metropolis", "in front of skyscrapers", "in new york"),
    "street": ("on a street", "in the street", "on the street", "on the road", "in town", "in a village", "street scene",
               "on a city street", "in a small town", "in an alley", "in front of houses", "under a street lamp", "street"),
    "desert": ("in the desert", "in a desert", "among the dunes", "in the sahara", "on a sand dune", "in the dunes",
               "desert", "desert scene", "in a canyon", "in a sandy desert", "in the dry desert", "beside a cactus",
               "among cacti", "in a red canyon"),
    "room": ("in a room", "in the room", "indoors", "in a cosy room", "in the living room", "in a bedroom", "in the kitchen",
             "room", "interior scene", "inside the house", "by the window", "at home", "on the carpet", "inside"),
    "sky": ("in the sky", "in the air", "up in the sky", "high above the clouds", "among the clouds", "on a cloud",
            "in the clouds", "sky", "above the clouds", "high in the air", "sky scene", "flying in the sky"),
    "space": ("in space", "in outer space", "on the moon", "among the stars and planets", "in the galaxy", "space",
              "space scene", "in the cosmos", "on the lunar surface", "between the planets", "on a distant planet"),
}  # fmt: skip
TIME_WORDS: dict[str, tuple[str, ...]] = {
    "dawn": ("dawn", "sunrise", "daybreak", "morning"),
    "day": ("day", "daytime", "noon", "sunny", "midday", "daylight", "afternoon"),
    "sunset": ("sunset", "dusk", "evening", "twilight", "sundown", "golden hour"),
    "night": ("night", "midnight", "moonlight", "nighttime", "moonlit", "starry", "after dark"),
}
TIME_PHRASES: dict[str, tuple[str, ...]] = {
    "dawn": ("at dawn", "at sunrise", "in the early morning", "at daybreak", "at first light", "in the morning", "dawn",
             "sunrise", "as the sun rises", "in the morning light", "early in the morning", "under a pale pink sky",
             "on a quiet morning"),
    "day": ("at noon", "by day", "in the daytime", "on a sunny day", "during the day", "in bright daylight", "at midday",
            "under a blue sky", "in the sunshine", "on a bright day", "in the afternoon", "daytime", "sunny day",
            "on a summer day", "in full daylight"),
    "sunset": ("at sunset", "at dusk", "in the evening", "at twilight", "at sundown", "during sunset", "at golden hour",
               "in the evening light", "under a sunset sky", "as the sun sets", "sunset", "soft evening light",
               "in the glow of the setting sun", "during golden hour", "evening", "under an orange sky"),
    "night": ("at night", "by night", "at midnight", "under the stars", "in the moonlight", "during the night",
              "under a starry sky", "under the moon", "on a moonlit night", "night", "nighttime", "in the dark of night",
              "starry night", "night scene", "on a starry night", "after dark", "late at night", "in the dark"),
}  # fmt: skip
WEATHER_WORDS: dict[str, tuple[str, ...]] = {
    "rain": ("rain", "rainy", "raining", "drizzle", "downpour", "rainstorm"),
    "snow": ("snowfall", "snowing", "snowstorm", "blizzard", "snowflakes"),
    "fog": ("fog", "foggy", "mist", "misty", "haze"),
    "clear": ("clear weather", "cloudless", "fine weather"),
}
WEATHER_PHRASES: dict[str, tuple[str, ...]] = {
    "rain": ("in the rain", "in rain", "on a rainy day", "while it rains", "rain", "rainy weather", "in a downpour",
             "it is raining", "in heavy rain", "with rain falling", "in a rainstorm", "in the drizzle", "raindrops"),
    "snow": ("while it snows", "in falling snow", "snowfall", "in a snowstorm", "in a blizzard", "it is snowing",
             "with snow falling", "in a snow flurry", "with snowflakes in the air", "snowing", "with falling snowflakes",
             "in a snow shower"),
    "fog": ("in the fog", "in fog", "in the mist", "on a foggy day", "fog", "misty weather", "in thick fog", "in a mist",
            "with fog all around", "misty", "foggy", "in the haze", "surrounded by mist"),
    "clear": ("in clear weather", "in fine weather", "without rain", "no rain", "in good weather"),
}  # fmt: skip
PLACE_FRAMES: dict[str, str] = {
    "beach": "on a {} beach", "sea": "on the {} sea", "mountains": "in the {} mountains", "forest": "in a {} forest",
    "meadow": "in a {} meadow", "garden": "in a {} garden", "city": "in a {} city", "street": "on a {} street",
    "desert": "in the {} desert", "room": "in a {} room", "sky": "in the {} sky",
}  # fmt: skip
"""Where a place can be told together with its hour or its weather: "on a moonlit beach"."""
TIME_ADJECTIVES: dict[str, tuple[str, ...]] = {
    "dawn": ("sunrise", "early morning"), "day": ("sunny", "sunlit", "bright daytime"), "sunset": ("sunset", "evening"),
    "night": ("moonlit", "starlit", "nighttime", "dark"),
}  # fmt: skip
WEATHER_ADJECTIVES: dict[str, tuple[str, ...]] = {"rain": ("rainy",), "snow": ("snowy",), "fog": ("foggy", "misty", "hazy")}
GARMENT_WORDS: dict[str, tuple[str, ...]] = {
    "hat": ("hat", "cap", "top hat", "bowler hat"),
    "scarf": ("scarf", "shawl", "woollen scarf", "muffler"),
}
RELATION_PHRASES: dict[str, tuple[str, ...]] = {
    "left of": ("left of", "to the left of", "on the left of", "on the left side of"),
    "right of": ("right of", "to the right of", "on the right of", "on the right side of"),
    "behind": ("behind", "standing behind", "at the back of", "half hidden behind"),
    "in front of": ("in front of", "standing in front of", "before"),
    "on": ("on", "on top of", "sitting on", "standing on", "upon"),
    "under": ("under", "underneath", "below", "beneath"),
    "beside": ("next to", "beside", "and", "with", "near", "together with", "alongside", "close to", "by the side of"),
}
"""Where the first of two is; `beside` leaves the side open."""
COUNT_WORDS: dict[int, tuple[str, ...]] = {
    1: ("one", "a single", "1", "a lone"), 2: ("two", "2", "a pair of", "a couple of"),
    3: ("three", "3", "a trio of", "a group of three"),
}  # fmt: skip
SEVERAL = ("", "some", "several", "a few")
"""Before a plural whose number is not said."""
ABSENT_PHRASES: dict[str, tuple[str, ...]] = {
    "clouds": ("without clouds", "no clouds", "cloudless sky", "with no clouds in the sky", "without any clouds"),
    "sun": ("without the sun", "no sun", "without a sun", "with no sun in the sky"),
    "moon": ("without the moon", "no moon", "moonless", "without a moon", "with no moon in the sky"),
    "trees": ("without trees", "no trees", "treeless", "with no trees", "without any trees"),
}
SIDE_PHRASES: dict[str, tuple[str, ...]] = {
    "left": ("on the left", "on the left side", "to the left", "at the left", "left of centre", "at the left edge"),
    "right": ("on the right", "on the right side", "to the right", "at the right", "right of centre", "at the right edge"),
    "centre": ("in the centre", "in the middle", "centered", "in the center", "centred composition"),
}
SIZE_WORDS: dict[str, tuple[str, ...]] = {
    "small": ("small", "tiny", "little", "miniature"),
    "large": ("large", "big", "huge", "giant", "enormous"),
    "medium": ("medium sized",),
}


Known = dict[str, dict[str, list[str]]]
"""For subject, colour, place and time: under each name the words that are drawn as it often enough."""


def vocabulary(known: Known | None = None) -> dict[str, object]:
    """Give what words.json holds: for every canonical name, the words that mean it.

    With `known` a word of a subject, colour, place or time stays only where trials found it drawn; phrases stay where
    their name does.
    """
    from postcard2 import style

    def kept(fact: str, table: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if known is None:
            return table
        return {
            name: tuple(word for word in words if word in known[fact][name])
            for name, words in table.items()
            if known[fact][name]
        }

    times = {name: (*phrases, *TIME_ADJECTIVES[name]) for name, phrases in TIME_PHRASES.items()}
    weathers = {name: (*phrases, *WEATHER_ADJECTIVES.get(name, ())) for name, phrases in WEATHER_PHRASES.items()}
    layout = {**{side: SIDE_PHRASES[side] for side in ("left", "right", "centre")}, **SIZE_WORDS}
    return {
        "subjects": {name: _with_plurals(words) for name, words in kept("subject", SUBJECT_WORDS).items()},
        "colours": kept("colour", COLOUR_WORDS),
        "places": {name: _merged(words, PLACE_PHRASES[name]) for name, words in kept("place", PLACE_WORDS).items()},
        "times": {name: _merged(words, times[name]) for name, words in kept("time", TIME_WORDS).items()},
        "weather": {name: _merged(words, weathers[name]) for name, words in WEATHER_WORDS.items()},
        "garments": GARMENT_WORDS,
        "relations": RELATION_PHRASES,
        "counts": {str(number): words for number, words in COUNT_WORDS.items()},
        "without": ABSENT_PHRASES,
        "layout": layout,
        "style": sorted({*style.STYLE, *style.ADJECTIVES, *style.OPENERS,
            *(verb for group in style.VERBS.values() for verb in group)}),
    }  # fmt: skip


def plural(noun: str) -> str:
    """Give the plural of one of the subject words: of the last word, or of the one before "of"."""
    head, of, tail = noun.partition(" of ")
    first, space, last = head.rpartition(" ")
    many = PLURALS.get(last) or (f"{last}es" if last.endswith(("x", "s", "ch", "sh")) else f"{last}s")
    return f"{first}{space}{many}{of}{tail}"


def _with_plurals(words: tuple[str, ...]) -> tuple[str, ...]:
    return _merged(words, tuple(plural(word) for word in words))


def _merged(words: tuple[str, ...], phrases: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*words, *phrases)))

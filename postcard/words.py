"""Every word the captions use, by what it means; knows nothing of sentences. The app reads it as words.json."""

from __future__ import annotations

SUBJECT_WORDS: dict[str, tuple[str, ...]] = {
    "cat": ("cat", "kitten", "feline", "kitty", "tabby"),
    "dog": ("dog", "puppy", "hound", "doggy", "canine"),
    "fox": ("fox", "vixen", "foxy"),
    "rabbit": ("rabbit", "bunny", "hare"),
    "bird": ("bird", "sparrow", "songbird", "finch", "birdie"),
    "fish": ("fish", "goldfish", "trout"),
    "boat": ("boat", "sailboat", "ship", "yacht", "sailing boat"),
    "car": ("car", "automobile", "vehicle", "sedan", "motorcar"),
    "house": ("house", "cottage", "home", "cabin", "hut"),
    "tree": ("tree", "oak", "leafy tree"),
    "flower": ("flower", "blossom", "bloom", "daisy"),
    "balloon": ("balloon", "hot air balloon", "hot-air balloon", "airship"),
}
COLOUR_WORDS: dict[str, tuple[str, ...]] = {
    "red": ("red", "crimson", "scarlet", "ruby", "cherry"),
    "orange": ("orange", "tangerine", "ginger", "amber"),
    "yellow": ("yellow", "lemon", "canary", "mustard"),
    "green": ("green", "emerald", "lime", "jade"),
    "blue": ("blue", "azure", "navy", "cobalt", "sapphire"),
    "purple": ("purple", "violet", "lilac", "plum"),
    "pink": ("pink", "rose", "magenta", "fuchsia"),
    "black": ("black", "ebony", "charcoal", "jet black"),
}
PLACE_WORDS: dict[str, tuple[str, ...]] = {
    "beach": ("beach", "shore", "seaside", "coast", "seashore"),
    "snow": ("snow", "winter", "arctic", "ice", "tundra"),
    "forest": ("forest", "woods", "woodland", "pines"),
    "city": ("city", "town", "street", "downtown", "skyline"),
    "meadow": ("meadow", "field", "grass", "countryside", "hills"),
    "desert": ("desert", "dunes", "sahara", "canyon"),
}
PLACE_PHRASES: dict[str, tuple[str, ...]] = {
    "beach": ("on the beach", "on a beach", "at the beach", "by the sea", "on the shore", "at the seaside",
              "on a sandy beach", "on the coast", "by the ocean", "at the seashore", "on a tropical beach",
              "on a palm beach", "beach", "beach scene", "seaside", "in front of the sea"),
    "snow": ("in the snow", "in snow", "in a snowy landscape", "in winter", "on a snowy field", "in the arctic",
             "on the ice", "in a winter landscape", "in the snowy mountains", "snow", "winter scene", "on the tundra",
             "in deep snow", "in the snowy hills", "in a snowy forest", "surrounded by snow"),
    "forest": ("in the forest", "in a forest", "in the woods", "in a dark forest", "in a pine forest", "among the pines",
               "in the woodland", "between tall trees", "forest", "woodland scene", "in a green forest", "deep in the woods",
               "in front of a forest", "in an enchanted forest"),
    "city": ("in the city", "in a city", "in town", "on a street", "in the street", "downtown", "in front of the skyline",
             "on a city street", "city", "urban scene", "on the road", "among skyscrapers", "between tall buildings",
             "in a big city", "in an urban street"),
    "meadow": ("in a meadow", "in the meadow", "in a field", "on the grass", "in the countryside", "on green hills",
               "in a green field", "in a flower meadow", "meadow", "rural scene", "on a grassy hill", "in the fields",
               "on a lawn", "in the garden", "in a park", "on rolling hills"),
    "desert": ("in the desert", "in a desert", "among the dunes", "in the sahara", "on a sand dune", "in the dunes",
               "desert", "desert scene", "in a canyon", "in a sandy desert", "in the dry desert", "beside a cactus",
               "among cacti", "in a red canyon"),
}  # fmt: skip
TIME_WORDS: dict[str, tuple[str, ...]] = {
    "day": ("day", "daytime", "noon", "morning", "sunny", "midday", "daylight"),
    "sunset": ("sunset", "dusk", "evening", "twilight", "sundown", "golden hour"),
    "night": ("night", "midnight", "moonlight", "nighttime", "moonlit", "starry"),
}
TIME_PHRASES: dict[str, tuple[str, ...]] = {
    "day": ("at noon", "by day", "in the daytime", "on a sunny day", "in the morning", "during the day", "in bright daylight",
            "at midday", "under a blue sky", "in the sunshine", "on a bright day", "in the afternoon", "daytime", "sunny day",
            "under a clear sky"),
    "sunset": ("at sunset", "at dusk", "in the evening", "at twilight", "at sundown", "during sunset", "at golden hour",
               "in the evening light", "under a sunset sky", "as the sun sets", "sunset", "soft evening light",
               "in the glow of the setting sun", "during golden hour", "evening", "under an orange sky"),
    "night": ("at night", "by night", "at midnight", "under the stars", "in the moonlight", "during the night",
              "under a starry sky", "under the moon", "on a moonlit night", "night", "nighttime", "in the dark of night",
              "starry night", "night scene", "on a starry night"),
}  # fmt: skip
SIDE_PHRASES: dict[str, tuple[str, ...]] = {
    "left": ("on the left", "on the left side", "to the left", "at the left", "left of centre", "standing on the left"),
    "right": ("on the right", "on the right side", "to the right", "at the right", "right of centre", "standing on the right"),
    "centre": ("in the centre", "in the middle", "centered", "in the center", "centred composition"),
}
SIZE_WORDS: dict[str, tuple[str, ...]] = {
    "small": ("small", "tiny", "little", "miniature"),
    "large": ("large", "big", "huge", "giant", "enormous"),
    "medium": ("medium sized",),
}
COMPANION_WORDS: dict[str, tuple[str, ...]] = {
    "heart": ("heart", "red heart", "love heart", "valentine heart"),
    "ball": ("ball", "beach ball", "striped ball", "toy ball"),
    "butterfly": ("butterfly", "yellow butterfly", "little butterfly"),
}
ADJECTIVES = (
    "cute", "happy", "lovely", "charming", "beautiful", "friendly", "adorable", "pretty", "cheerful", "whimsical", "vibrant",
    "playful", "elegant", "majestic", "lone", "curious", "peaceful", "cozy", "gentle", "bright", "stylized", "vivid",
    "deep", "rich", "brightly coloured", "single", "simple", "bold", "proud", "serene", "magnificent", "stunning",
)  # fmt: skip
VERBS: dict[str, tuple[str, ...]] = {
    "animal": ("sitting", "standing", "resting", "waiting", "playing", "relaxing", "looking around", "posing",
        "sitting proudly",
               "sitting calmly", "gazing ahead", "enjoying the view", "exploring"),
    "thing": ("standing", "seen", "placed", "resting", "shown", "standing alone", "standing proudly", "set"),
    "boat": ("sailing", "anchored", "resting", "seen", "stranded"),
    "car": ("parked", "driving", "standing", "waiting", "seen"),
    "balloon": ("floating", "flying", "drifting", "hovering", "rising", "seen"),
    "fish": ("swimming", "jumping", "leaping", "floating", "seen"),
}  # fmt: skip
ANIMALS = frozenset({"cat", "dog", "fox", "rabbit", "bird"})
OPENERS = (
    "a postcard of", "a picture of", "an illustration of", "a drawing of", "a flat illustration of", "a photo of",
    "an image of",
    "a painting of", "a vector illustration of", "a sticker of", "draw", "a portrait of", "a scene with", "postcard,",
    "imagine",
    "a detailed illustration of", "a charming postcard of", "a close-up of", "a wide shot of", "a digital painting of",
    "a cheerful flat postcard showing", "a minimalist illustration of", "a vintage travel postcard of", "please draw",
    "a stunning photograph of", "a beautiful image of", "show me", "a render of", "a postcard with", "a vintage postcard of",
)  # fmt: skip
STYLE = (
    "highly detailed", "cinematic lighting", "sharp focus", "harmonious composition", "flat illustration", "postcard style",
    "bold shapes", "clean lines", "vivid colours", "vivid colors", "8k", "4k", "masterpiece", "best quality", "soft light",
    "soft lighting", "warm light", "dramatic lighting", "volumetric light", "beautiful composition", "rule of thirds",
    "trending on artstation", "professional photography", "ultra detailed", "intricate details", "crisp edges",
    "high quality",
    "studio quality", "depth of field", "award winning", "minimalist", "simple shapes", "sticker style",
    "children's book style",
    "storybook illustration", "vector art", "digital art", "oil painting", "watercolor", "watercolour", "pastel tones",
    "rich textures", "natural light", "calm mood", "peaceful atmosphere", "serene mood", "whimsical", "charming",
    "playful mood",
    "travel poster", "vintage postcard", "poster design", "35mm", "wide angle", "photorealistic", "realistic",
    "hyperrealistic",
    "elegant", "balanced composition", "strong contrast", "atmospheric perspective", "gentle mood", "soft shadows",
    "smooth gradients", "detailed background", "centered subject", "ambient light", "soft glow", "concept art", "fine art",
    "clear silhouette", "flat colours", "flat colors", "high resolution", "hdr", "bokeh", "paper texture", "gouache",
    "screen print", "retro style", "modern design", "tranquil", "idyllic", "dreamy", "cozy atmosphere", "magical atmosphere",
    "soft evening light", "golden light", "warm colors", "cool colors", "beautiful scenery", "stunning view", "lush details",
)  # fmt: skip
PLACE_DETAIL: dict[str, tuple[str, ...]] = {
    "beach": ("gentle waves", "golden sand", "palm trees", "turquoise water", "blue sea behind", "soft sand", "a palm tree",
              "waves in the background", "calm ocean", "sandy shoreline"),
    "snow": ("falling snowflakes", "snow-capped mountains", "white snow", "frosty air", "snowy pines", "soft snowfall",
             "pristine white landscape", "icy air", "crisp winter air"),
    "forest": ("tall pine trees", "green moss", "dense trees", "lush green trees", "ferns", "mossy ground", "leafy canopy",
               "towering trees behind"),
    "city": ("tall buildings", "skyscrapers behind", "lit windows", "asphalt road", "busy street", "glass towers",
             "city lights", "a skyline in the background"),
    "meadow": ("green grass", "wildflowers", "rolling green hills", "soft grass", "flowers in the grass", "lush green field",
               "colourful wildflowers"),
    "desert": ("golden dunes", "a cactus", "red rocks", "sandy dunes", "sandstone cliffs", "dry air", "distant mesas",
               "green cactus"),
}  # fmt: skip
TIME_DETAIL: dict[str, tuple[str, ...]] = {
    "day": ("blue sky", "white clouds", "bright sunlight", "fluffy clouds", "clear blue sky", "yellow sun", "sunlight"),
    "sunset": ("orange and pink sky", "golden light", "warm glow", "purple and orange sky", "glowing horizon", "pink clouds",
               "fiery red sky", "setting sun", "warm orange hues", "long shadows", "warm evening glow", "golden sky"),
    "night": ("stars", "crescent moon", "dark blue sky", "silver moonlight", "starlight", "deep blue night", "dark sky",
              "twinkling stars", "glowing moon"),
}  # fmt: skip
STRANGERS = (
    "hat", "umbrella", "book", "astronaut", "robot", "dragon", "castle", "bicycle", "guitar", "cup", "coffee", "pizza",
    "king",
    "queen", "man", "woman", "child", "people", "crown", "scarf", "glasses", "sword", "piano", "train", "horse",
    "lion", "cake",
    "clock", "lamp", "window", "table", "chair", "bridge", "river", "lake", "island", "cloud", "rain", "storm",
    "rainbow", "fire",
    "magic", "wizard", "music", "dream", "story", "friend", "family", "party", "market", "bench", "fence", "path", "letter",
    "apple", "basket", "lantern", "telescope", "camera", "suitcase", "teacup", "sweater", "boots", "gloves", "violin",
    "ladder",
)  # fmt: skip
CHATTER = (
    "i", "would", "like", "to", "see", "there", "is", "are", "that", "its", "it", "while", "very", "my", "favourite",
    "favorite",
    "please", "could", "you", "make", "me", "one", "where", "which", "who", "here", "we", "want", "some", "then",
    "this", "all",
    "around", "behind", "above", "full", "so", "really", "paint", "create", "generate", "picture", "depicting", "featuring",
    "showing", "against", "backdrop", "set", "scene", "view", "taken", "from", "style", "look", "has", "have", "for",
    "his", "her",
    "only", "just", "lives", "stands", "sits", "waits", "during", "over", "under", "into", "near", "colour", "color", "today",
)  # fmt: skip


def vocabulary() -> dict[str, object]:
    """Give what words.json holds: for every canonical name, the words that mean it."""
    layout = {"left": SIDE_PHRASES["left"], "right": SIDE_PHRASES["right"], "centre": SIDE_PHRASES["centre"], **SIZE_WORDS}
    return {
        "subjects": SUBJECT_WORDS,
        "colours": COLOUR_WORDS,
        "places": {name: _merged(words, PLACE_PHRASES[name]) for name, words in PLACE_WORDS.items()},
        "times": {name: _merged(words, TIME_PHRASES[name]) for name, words in TIME_WORDS.items()},
        "layout": layout,
        "companions": COMPANION_WORDS,
        "style": sorted({*STYLE, *ADJECTIVES, *OPENERS, *(verb for group in VERBS.values() for verb in group)}),
    }


def _merged(words: tuple[str, ...], phrases: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*words, *phrases)))

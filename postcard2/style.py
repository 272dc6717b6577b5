"""What prompts say besides what can be seen: style, praise, detail, chatter; knows nothing of sentences."""

from __future__ import annotations

ADJECTIVES = (
    "cute", "happy", "lovely", "charming", "beautiful", "friendly", "adorable", "pretty", "cheerful", "whimsical", "vibrant",
    "playful", "elegant", "majestic", "curious", "peaceful", "cozy", "gentle", "bright", "stylized", "vivid",
    "deep", "rich", "brightly coloured", "simple", "bold", "proud", "serene", "magnificent", "stunning",
)  # fmt: skip
VERBS: dict[str, tuple[str, ...]] = {
    "person": ("standing", "waiting", "smiling", "walking", "waving", "posing", "resting", "looking around", "playing"),
    "animal": ("sitting", "standing", "resting", "waiting", "playing", "relaxing", "looking around", "posing",
        "sitting proudly",
               "sitting calmly", "gazing ahead", "enjoying the view", "exploring", "walking", "running"),
    "thing": ("standing", "seen", "placed", "resting", "shown", "standing alone", "standing proudly", "set"),
    "boat": ("sailing", "anchored", "resting", "seen", "stranded"),
    "car": ("parked", "driving", "standing", "waiting", "seen"),
    "train": ("steaming", "driving", "waiting", "rolling", "seen"),
    "flyer": ("floating", "flying", "drifting", "hovering", "rising", "seen", "soaring"),
    "fish": ("swimming", "jumping", "leaping", "floating", "seen"),
}  # fmt: skip
FLYERS = frozenset({"balloon", "plane", "rocket", "butterfly", "bird", "heart"})
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
    "children's book style", "storybook illustration", "vector art", "digital art", "oil painting", "watercolor",
    "watercolour", "pastel tones",
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
    "beach": ("golden sand", "palm trees", "blue sea behind", "soft sand", "a palm tree", "sandy shoreline",
        "shells in the sand"),
    "sea": ("gentle waves", "turquoise water", "rolling waves", "calm ocean", "blue water all around", "foam on the waves"),
    "snow": ("snowy pines", "white snow", "frosty air", "pristine white landscape", "icy air", "crisp winter air",
        "snowdrifts"),
    "mountains": ("snow-capped mountains", "steep cliffs", "rocky peaks", "distant peaks", "alpine air", "towering summits"),
    "forest": ("tall pine trees", "green moss", "dense trees", "lush green trees", "ferns", "mossy ground", "leafy canopy",
               "towering trees behind"),
    "meadow": ("green grass", "wildflowers", "rolling green hills", "soft grass", "flowers in the grass", "lush green field",
               "colourful wildflowers"),
    "garden": ("a white fence", "flower beds", "trimmed hedges", "a picket fence", "blooming borders", "round bushes"),
    "city": ("tall buildings", "skyscrapers behind", "glass towers", "city lights", "a skyline in the background"),
    "street": ("asphalt road", "a street lamp", "colourful houses", "cobblestones", "lit windows", "a row of houses"),
    "desert": ("golden dunes", "a cactus", "red rocks", "sandy dunes", "sandstone cliffs", "dry air", "distant mesas",
               "green cactus"),
    "room": ("a window", "wooden floor", "a soft carpet", "a picture on the wall", "warm interior", "curtains"),
    "sky": ("fluffy clouds", "a sea of clouds", "endless sky", "soft white clouds below"),
    "space": ("planets", "a ringed planet", "distant stars", "craters", "the milky way", "dark void"),
}  # fmt: skip
TIME_DETAIL: dict[str, tuple[str, ...]] = {
    "dawn": ("pale pink sky", "first rays of the sun", "soft morning light", "dew", "delicate pastel sky"),
    "day": ("blue sky", "bright sunlight", "clear blue sky", "yellow sun", "sunlight", "sunny"),
    "sunset": ("orange and pink sky", "golden light", "warm glow", "purple and orange sky", "glowing horizon", "pink clouds",
               "fiery red sky", "setting sun", "warm orange hues", "long shadows", "warm evening glow", "golden sky"),
    "night": ("stars", "crescent moon", "dark blue sky", "silver moonlight", "starlight", "deep blue night", "dark sky",
              "twinkling stars", "glowing moon"),
}  # fmt: skip
STRANGERS = (
    "book", "guitar", "pizza", "king", "crown", "glasses", "sword", "piano", "lion", "clock", "lamp", "window", "table",
    "chair", "bridge", "river", "lake", "island", "rainbow", "fire", "magic", "wizard", "music", "dream", "story", "friend",
    "family", "party", "market", "bench", "fence", "path", "letter", "apple", "basket", "lantern", "telescope", "camera",
    "suitcase", "sweater", "boots", "gloves", "violin", "ladder", "umbrella", "spoon", "ghost", "zebra", "spider", "monkey",
    "turtle", "squirrel", "elephant", "tiger", "snake", "frog", "pumpkin", "banana", "sandwich",
)  # fmt: skip
CHATTER = (
    "i", "would", "like", "to", "see", "there", "is", "are", "that", "its", "it", "while", "very", "my", "favourite",
    "favorite",
    "please", "could", "you", "make", "me", "where", "which", "who", "here", "we", "want", "then",
    "this", "all",
    "around", "above", "full", "so", "really", "paint", "create", "generate", "picture", "depicting", "featuring",
    "showing", "against", "backdrop", "set", "scene", "view", "taken", "from", "style", "look", "has", "have", "for",
    "his", "her",
    "only", "just", "lives", "stands", "sits", "waits", "during", "over", "into", "colour", "color", "today",
)  # fmt: skip

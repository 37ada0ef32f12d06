"""A category for each item of Online Retail, which has none: the kind of thing that its description names."""

from __future__ import annotations

import re

_KINDS = """
apron bag balloon bank basket beaker bell bin board book bookmark bottle bowl box bracelet bunting cabinet cakestand
calendar candle candleholder candlestick canvas card case chair chalkboard charm chest clip clock coaster container
cosy cover cup cushion cutlery cutter decoration dish dispenser doily doll domino doormat doorstop drawer earring eraser
fan flag frame game garland globe glove hanger harmonica holder hook incense jar jewellery jigsaw jug kettle keyring
kit knob lamp lantern light lights magnet mat mirror mobile mould mug napkin necklace notebook ornament pan parasol
party peg pen pencil photo picture pillow plant plaster plate playhouse pot purse rack reel ribbon ring rug ruler
saucer scale scarf shopper sign sketchbook soap spoon stamp stand sticker sticks stool storage straw sweetie t-light
table tag tape teacup teapot thermometer tidy tile tin tissue towel toy tray tree tube umbrella vase wallet warmer
watering whistle windmill wrap wreath
"""
_SAME = {"doiley": "doily", "doilies": "doily", "lights": "light", "sticks": "incense", "watering": "watering can"}
_CATEGORY = {form: _SAME.get(kind, kind) for kind in _KINDS.split() for form in (kind, kind + "s", kind + "es")} | _SAME
_words = re.compile(r"[a-z]+(?:-[a-z]+)?").findall


def category(description: str) -> str | None:
    """The last word of a description that names a kind of thing, in the singular; None where no word does.

    In these descriptions the thing comes after what qualifies it, and before its pattern or colour, which are no
    things: "JUMBO BAG RED RETROSPOT" is a bag. It is a word list and not a taxonomy, and takes "BREAD BIN DINER STYLE"
    for a bin, but also "HOT WATER BOTTLE TEA AND SYMPATHY" for a bottle.

    >>> category("WHITE HANGING HEART T-LIGHT HOLDER"), category("SET OF 3 CAKE TINS PANTRY DESIGN")
    ('holder', 'tin')
    >>> category("ASSORTED COLOUR BIRD") is None
    True
    """
    for word in reversed(_words(description.lower())):
        found = _CATEGORY.get(word)
        if found is not None:
            return found
    return None

"""Event names of the Segment e-commerce spec, and the older names that mean the same.

Version 1 of that spec put the verb first (`Viewed Product`), version 2 puts it last (`Product Viewed`). Segment's own
libraries take both, whatever the case, with spaces or underscores; so do we. Any other name is kept as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

_SPEC = {
    "Products": ("Searched",),
    "Product List": ("Viewed", "Filtered"),
    "Promotion": ("Viewed", "Clicked"),
    "Product": ("Clicked", "Viewed", "Added", "Removed", "Shared", "Reviewed"),
    "Cart": ("Viewed", "Shared"),
    "Checkout": ("Started",),
    "Checkout Step": ("Viewed", "Completed"),
    "Payment Info": ("Entered",),
    "Order": ("Completed", "Updated", "Refunded", "Cancelled"),
    "Coupon": ("Entered", "Applied", "Denied", "Removed"),
}
_WISHLIST = ("Product Added to Wishlist", "Product Removed from Wishlist", "Wishlist Product Added to Cart")
_OURS = (
    ("Recommendation", "Shown"),
    ("Recommendations", "Requested"),
    ("Product", "Updated"),
    ("Product", "Withdrawn"),
)  # what the spec has no name for
_RENAMED = {("Product Category", "Viewed"): "Product List Viewed", ("Order", "Started"): "Checkout Started"}


def _spellings() -> Iterator[tuple[str, str]]:
    known = [(thing, verb) for thing, verbs in _SPEC.items() for verb in verbs]
    pairs = {(thing, verb): f"{thing} {verb}" for thing, verb in (*known, *_OURS)} | _RENAMED
    for (thing, verb), name in pairs.items():
        yield f"{thing} {verb}", name
        yield f"{verb} {thing}", name
    for name in _WISHLIST:
        yield name, name


CANONICAL: dict[str, str] = {
    form: name
    for spelling, name in _spellings()
    for form in (spelling, spelling.lower(), spelling.replace(" ", "_"), spelling.lower().replace(" ", "_"))
}
"""Every known spelling -> the name in version 2 of the spec."""


def canonical(name: str) -> str:
    """The spec's present name for an event; unknown names are returned as they are.

    >>> canonical("Completed Order"), canonical("viewed_product_category"), canonical("Ticket Opened")
    ('Order Completed', 'Product List Viewed', 'Ticket Opened')
    """
    return CANONICAL.get(name, name)

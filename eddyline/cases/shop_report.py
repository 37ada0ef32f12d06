"""The shop's report, as a retailer reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eddyline.cases import shop_pictures
from eddyline.cases.fairness import of_people
from eddyline.cases.report import Report, listed, percents, upper
from eddyline.cases.service import service
from eddyline.cases.shop import Follows, Shop
from eddyline.cases.shop_data import NOBODY
from eddyline.cli.report import measured
from eddyline.plots import suggest as evidence
from eddyline.plots.page import PICTURES
from stream.updates import rounded

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NAMES = {"kmeans": "k-means", "hierarchical": "hierarchical", "density": "density"}
_TEACHES = (
    "K-means suits many customers in round groups, and is the simplest to explain. Hierarchical clustering (Ward) "
    "suits few customers, or groups within groups: cut the tree lower, and each segment parts into finer ones. Density "
    "(HDBSCAN) suits odd shapes, and sets aside customers who are like nobody; it finds its own number of segments."
)
_MANY = 0.3


def report(shop: Shop, seed: int) -> Report:
    """All that is said and drawn."""
    shoppers = shop.shoppers
    made = Report(f"Shop: {len(shoppers.ids):,} customers in {len(shop.chosen.cards)} segments")
    made.numbers.update(_numbers(shop, seed))
    features = [feature.name.replace("_", " ") for feature in shoppers.features]
    made.say(
        f"Segments are made of {listed(features)}.",
        f"{upper(listed(list(shoppers.groups)))} {'is' if len(shoppers.groups) == 1 else 'are'} kept out"
        + (
            ", and looked at afterwards."
            if len(shop.follows) == len(shoppers.groups)
            else "; some are looked at below."
        )
        if shoppers.groups
        else "",
        "The customers are made up, so that the truth is known: five kinds, and a few customers drawn at random who "
        "are like nobody."
        if shoppers.truth
        else "Nobody knows the true segments of these customers.",
    )
    _algorithms(made, shop)
    _cards(made, shop)
    for follows in shop.follows:
        _fairness(made, shop, follows)
    if shop.without_age is not None:
        made.say(
            f"Age is a feature here. Segments made without it agree with these to {shop.without_age:.2f} (adjusted "
            "Rand index; 1 is full agreement). Where an offer must not depend on age, make them without."
        )
    return made


def _algorithms(made: Report, shop: Shop) -> None:
    made.head("Which algorithm, and how many segments")
    columns = [("Algorithm", "left"), ("Segments", "right"), ("Silhouette", "right")]
    columns += [("Like nobody", "right")]
    columns += [("Agreement with truth (ARI)", "right")] if shop.shoppers.truth else []
    cells, set_aside = [], ""
    for one in shop.found:
        if (one.outliers or 0) > _MANY * len(one.of):
            share = (one.outliers or 0) / len(one.of)
            set_aside = f"Density sets aside {share:.0%} of the customers: it is not the tool for these."
        outliers = "-" if one.outliers is None else str(one.outliers)
        row = [_NAMES[one.algorithm], str(one.count), f"{one.silhouette:.2f}", outliers]
        cells.append([*row, *([] if one.ari is None else [f"{one.ari:.2f}"])])
    made.table(columns, cells)
    made.say(set_aside, *(f"{_NAMES[algorithm]} found nothing: {why}." for algorithm, why in shop.failures.items()))
    guide = shop.guide
    if guide is None:
        made.say("There are too few customers for a recommendation; k-means is shown.")
    else:
        made.say(f"The guide: {guide.why}", "It does not know the truth." if shop.shoppers.truth else "")
        if guide.best.k != shop.k:
            made.say(f"Shown are {shop.k} segments, since so many were asked for.")
    if shop.shoppers.truth:
        odd = sum(kind == NOBODY for kind in shop.shoppers.truth)
        made.say(
            f"{odd} of the customers are like nobody. K-means and hierarchical put everyone into a segment, so they "
            "cannot reach 1. Density sets aside those far from all, and with them some on the rim of a thin group."
            if odd
            else ""
        )
    made.say(_TEACHES)
    if guide is not None:
        made.picture(
            "Silhouette, stability and smallest segment by algorithm and number", lambda: evidence.picture(guide)
        )
    made.picture("Customers by their most telling features, in their segments", lambda: shop_pictures.plane(shop))
    made.picture("Customers on the first two principal components", lambda: _plots(shop, "scatter"))
    made.picture("What sets the segments apart, feature by feature", lambda: _plots(shop, "heatmap"))
    if any(one.algorithm == "hierarchical" for one in shop.found):
        made.picture(
            "The dendrogram of the hierarchical algorithm: how customers part, from all to single branches. Segments "
            "are its own here, so that ids may differ from those above.",
            lambda: _plots(shop, "dendrogram"),
        )


def _cards(made: Report, shop: Shop) -> None:
    made.head("Who they are, and what to do for them")
    cells, shares = [], percents([card.share for card in shop.chosen.cards])
    for card, share in zip(shop.chosen.cards, shares, strict=True):
        told = service(shop, card)
        own = {one.feature: one for one in card.differences}
        said = [
            measured(feature.name, own[feature.name].value, feature.unit)
            for feature in shop.shoppers.features
            if feature.name in own
        ]
        typical = ", ".join(one.customer for one in card.typical[:2]) or "-"
        size = f"{card.customers:,} ({share})"
        tier = f"{told.tier.capitalize()}: {told.offer}" if told.tier else told.offer
        cells.append([card.id, card.name, size, ", ".join(said[:4]), typical, tier])
    made.table(
        [
            ("Id", "left"),
            ("Segment", "left"),
            ("Customers", "right"),
            ("At its centre", "left"),
            ("Typical", "left"),
            ("Service and offer", "left"),
        ],
        cells,
    )
    made.picture("Size of each segment", lambda: shop_pictures.sizes(shop))


def _fairness(made: Report, shop: Shop, follows: Follows) -> None:
    group = follows.group
    made.head(f"Does a segment follow {group}?")
    names = {card.id: card.name for card in shop.chosen.cards}
    cells = [
        [f"{segment} {names[segment]}", *percents([*shares.values()])] for segment, shares in follows.shares.items()
    ]
    cells.append(["All customers", *percents([*follows.overall.values()])])
    made.table([("Segment", "left"), *((name, "right") for name in follows.overall)], cells)
    found, with_it = follows.association, follows.with_it
    often = f"{found.chance:.0%}" if found.chance >= 0.01 else "less than 1%"
    if not found.follows:
        how = (
            f"No more than chance explains: Cramér's V {found.v:.2f}, and chance does as much in {often} of shuffles. "
            "Shares in a segment of few customers differ a lot by chance alone."
        )
    else:
        how = (
            f"Yes: segments go with {group} more than chance explains (Cramér's V {found.v:.2f}; chance does as much "
            f"in {often} of shuffles), although it is no feature: something else stands for it."
        )
        if of_people(group):
            how += (
                " An offer by segment is then partly an offer by group: look at who gets which tier before it goes out."
            )
    change = (
        f"With {group} as a feature the segments would agree with these to {follows.agreement:.2f} only (adjusted Rand "
        f"index), and go with {group} at Cramér's V {with_it.v:.2f}"
        if follows.agreement < 0.9
        else f"With {group} as a feature the segments would be much the same (adjusted Rand index "
        f"{follows.agreement:.2f}; Cramér's V {with_it.v:.2f})"
    )
    truth = ""
    if follows.ari is not None and shop.chosen.ari is not None:
        truth = f"; agreement with the truth would go from {shop.chosen.ari:.2f} to {follows.ari:.2f}"
    why = (
        " Columns of yes and no have the widest spread there is, so distances follow them and hide how people buy."
        if follows.agreement < 0.9
        else ""
    )
    made.say(how)
    made.say(f"{change}{truth}.{why}")
    made.picture(f"Shares of {group} in each segment", lambda: shop_pictures.groups(shop, follows))


def _numbers(shop: Shop, seed: int) -> dict[str, Any]:
    guide = shop.guide
    return {
        "case": "shop",
        "customers": len(shop.shoppers.ids),
        "seed": seed,
        "features": [feature.name for feature in shop.shoppers.features],
        "guide": None if guide is None else {"algorithm": guide.best.algorithm, "k": guide.best.k, "why": guide.why},
        "algorithms": [
            {
                "algorithm": one.algorithm,
                "segments": one.count,
                "outliers": one.outliers,
                "silhouette": rounded(one.silhouette),
                "ari": None if one.ari is None else rounded(one.ari),
            }
            for one in shop.found
        ],
        "failures": dict(shop.failures),
        "chosen": shop.chosen.algorithm,
        "segments": [
            {
                "id": card.id,
                "name": card.name,
                "customers": card.customers,
                "share": card.share,
                "means": {one.feature: one.value for one in card.differences},
                **service(shop, card)._asdict(),
            }
            for card in shop.chosen.cards
        ],
        "fairness": [
            {
                "group": one.group,
                "cramers_v": rounded(one.association.v),
                "chance": rounded(one.association.chance),
                "follows": one.association.follows,
                "shares": {segment: dict(shares) for segment, shares in one.shares.items()},
                "with_it": {
                    "cramers_v": rounded(one.with_it.v),
                    "agreement": rounded(one.agreement),
                    "ari": None if one.ari is None else rounded(one.ari),
                },
            }
            for one in shop.follows
        ],
        "agreement_without_age": None if shop.without_age is None else rounded(shop.without_age),
    }


def _plots(shop: Shop, name: str) -> Figure:
    """A picture of `eddyline.plots`; the dendrogram is that of the hierarchical algorithm."""
    found = shop.chosen
    if name == "dendrogram":
        found = next(one for one in shop.found if one.algorithm == "hierarchical")
    return PICTURES[name].picture(shop_pictures.pictured(found))

"""Which replicas there are: a line each."""

from collections.abc import Mapping

from . import (
    apero_site,
    axma_site,
    hyperbook_site,
    ifarchive_site,
    ifdb_site,
    ifiction_forum_site,
    ifwiki_org_site,
    ifwiki_site,
    igdb_site,
    instead_siblings_site,
    instead_site,
    itch_site,
    plut_site,
    qsp_site,
    quest_book_site,
    rawg_site,
    rilarhiv_site,
    steam_site,
    vndb_site,
    wikidata_site,
)
from .site import Site

__all__ = ["REPLICAS"]

REPLICAS: Mapping[str, Site] = {
    site.name: site
    for site in (
        instead_site.SITE,
        instead_siblings_site.POOL,
        instead_siblings_site.NLB,
        ifdb_site.SITE,
        ifwiki_site.SITE,
        ifwiki_org_site.SITE,
        qsp_site.SITE,
        plut_site.SITE,
        apero_site.SITE,
        quest_book_site.SITE,
        ifiction_forum_site.SITE,
        rilarhiv_site.SITE,
        axma_site.SITE,
        hyperbook_site.SITE,
        ifarchive_site.SITE,
        igdb_site.SITE,
        steam_site.SITE,
        rawg_site.SITE,
        wikidata_site.SITE,
        vndb_site.SITE,
        itch_site.SITE,
    )
}
"""By the name of their source."""

"""Which replicas there are: a line each."""

from collections.abc import Mapping

from . import ifdb_site, ifwiki_site, instead_site
from .site import Site

__all__ = ["REPLICAS"]

REPLICAS: Mapping[str, Site] = {
    site.name: site
    for site in (
        instead_site.SITE,
        ifdb_site.SITE,
        ifwiki_site.SITE,
    )
}
"""By the name of their source."""

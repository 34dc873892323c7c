"""Who calls: a program of this machine, or a page in its browser."""

import ipaddress
import re
from collections.abc import Mapping

SITES_OF_OTHERS = {"cross-site", "same-site"}
"""Values of `Sec-Fetch-Site` (Fetch Metadata): programs send none, a person who types an address sends `none`."""

OWN_NAMES = ("localhost", "localhost.localstack.cloud")
"""Names that lead to this machine wherever they are resolved, with everything below them."""

HOST = re.compile(r"(\[[0-9A-Fa-f:]+\]|[^:\[\]]+)(?::[0-9]{1,5})?")
"""A name or an address, and perhaps a port."""


def is_other_site(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that another site's page asks."""
    return headers.get("Sec-Fetch-Site") in SITES_OF_OTHERS


def is_of_this_machine(host: str) -> bool:
    """Whether a `Host` means this machine: another name may have been pointed at it after its page was loaded."""
    parts = HOST.fullmatch(host)
    if parts is None:
        return False
    name = parts[1].strip("[]").lower()
    if any(name == own or name.endswith("." + own) for own in OWN_NAMES):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False

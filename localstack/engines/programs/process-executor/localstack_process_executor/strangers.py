"""Pages of other sites, which reach 127.0.0.1 from the browser of whoever develops here.

LocalStack lets a few origins of its maker and every `file://` page in, takes any `Host` (so a name that is bound to
127.0.0.1 afterwards makes a page the same site), and answers what a page fetches without an `Origin`, such as an image:
`/?Action=SendMessage&…`. Mails with their codes and every secret lie behind it.
"""

import functools
import ipaddress
import re

from localstack.aws.handlers import cors
from localstack.constants import LOCALHOST_HOSTNAME

SITES_OF_OTHERS = {"cross-site", "same-site"}
"""Values of `Sec-Fetch-Site` (Fetch Metadata): programs send none, a person who types an address sends `none`."""

HOST = re.compile(r"(\[[0-9A-Fa-f:]+\]|[^:\[\]]+)(?::[0-9]{1,5})?")
"""A name or an address, and perhaps a port."""


def refuse_strangers() -> None:
    cors.ALLOWED_CORS_ORIGINS.clear()
    cors.CorsEnforcer.__call__ = _unless_a_page_asks(cors.CorsEnforcer.__call__)


def _unless_a_page_asks(enforce):
    @functools.wraps(enforce)
    def refuse_or_enforce(enforcer, chain, context, response) -> None:
        headers = context.request.headers
        # The API is for pages: its functions let in who came through the edge.
        is_page = not cors.is_execute_api_call(context) and headers.get("Sec-Fetch-Site") in SITES_OF_OTHERS
        if is_page or not _is_of_this_machine(headers.get("Host", "")):
            response.status_code = 403
            chain.terminate()
            return
        enforce(enforcer, chain, context, response)

    return refuse_or_enforce


def _is_of_this_machine(host: str) -> bool:
    parts = HOST.fullmatch(host)
    if parts is None:
        return False
    name = parts[1].strip("[]").lower()
    if any(name == known or name.endswith("." + known) for known in ("localhost", LOCALHOST_HOSTNAME)):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False

"""Pages of other sites, which reach 127.0.0.1 from the browser of whoever develops here.

LocalStack lets a few origins of its maker and every `file://` page in, takes any `Host` (so a name that is bound to
127.0.0.1 afterwards makes a page the same site), and answers what a page fetches without an `Origin`, such as an image:
`/?Action=SendMessage&…`. Mails with their codes and every secret lie behind it.
"""

import functools

from localstack.aws.handlers import cors
from localstack_process_executor.callers import is_of_this_machine, is_other_site


def refuse_strangers() -> None:
    cors.ALLOWED_CORS_ORIGINS.clear()
    cors.CorsEnforcer.__call__ = _unless_a_page_asks(cors.CorsEnforcer.__call__)


def _unless_a_page_asks(enforce):
    @functools.wraps(enforce)
    def refuse_or_enforce(enforcer, chain, context, response) -> None:
        headers = context.request.headers
        # The API is for pages: its functions let in who came through the edge.
        is_page = not cors.is_execute_api_call(context) and is_other_site(headers)
        if is_page or not is_of_this_machine(headers.get("Host", "")):
            response.status_code = 403
            chain.terminate()
            return
        enforce(enforcer, chain, context, response)

    return refuse_or_enforce

"""
LiteLLM's `custom_auth` hook for the tests: virtual keys out of a file, in place of the Postgres table that the proxy
reads through Prisma (as it does in `database/`). Only that read is replaced: whether a key is blocked, expired, over its budget or may use a model is decided, and said, by LiteLLM's own code, and so are its limits per minute and
the answer of /key/info.
"""

import json
import os
from datetime import datetime, timezone
from types import SimpleNamespace

from fastapi import Depends, Request
from litellm.proxy import proxy_server
from litellm.proxy._types import LiteLLM_VerificationToken, UserAPIKeyAuth, hash_token
from litellm.proxy.auth.auth_utils import get_request_route
from litellm.proxy.auth.resolvers.exceptions import KeyNotFoundError
from litellm.proxy.auth.user_api_key_auth import user_api_key_auth as authenticate
from litellm.proxy.auth.user_api_key_auth import validate_resolved_virtual_key
from litellm.proxy.common_utils.http_parsing_utils import _read_request_body
from litellm.proxy.management_endpoints.key_management_endpoints import info_key_fn

KEYS_FILE = os.environ["POSTERN_TEST_KEYS"]


def rows(of: str = "rows") -> dict[str, dict]:
    with open(KEYS_FILE, encoding="utf-8") as file:
        return {hash_token(key): row for key, row in json.load(file)[of].items()}


async def user_api_key_auth(request: Request, api_key: str) -> UserAPIKeyAuth:
    # As the proxy says it where it reads its own table (proxy/auth/user_api_key_auth.py).
    if not api_key:
        raise Exception("No api key passed in.")
    row = rows().get(hash_token(api_key))
    if row is None:
        raise KeyNotFoundError(hash_token(api_key))
    return await validate_resolved_virtual_key(
        request=request,
        request_data=await _read_request_body(request=request),
        valid_token=UserAPIKeyAuth(api_key=api_key, **row),
        api_key=api_key,
        route=get_request_route(request=request),
        start_time=datetime.now(timezone.utc),
        parent_otel_span=None,
        end_user_id=None,
        end_user_params={},
        _end_user_object=None,
    )


class KeyTable:
    """The one row that /key/info asks for. Its code has the client in hand by then: nobody else is to see it."""

    async def find_unique(self, where: dict, include: dict) -> LiteLLM_VerificationToken | None:
        proxy_server.prisma_client = None
        token = where["token"]
        row = rows("told").get(token, rows().get(token))
        return None if row is None else LiteLLM_VerificationToken(token=token, **row)


async def key_info(
    key: str | None = None,
    user_api_key_dict: UserAPIKeyAuth = Depends(authenticate),
):
    # Nothing else runs from here to `find_unique`: there is no wait between them.
    proxy_server.prisma_client = SimpleNamespace(db=SimpleNamespace(litellm_verificationtoken=KeyTable()))
    return await info_key_fn(key=key, user_api_key_dict=user_api_key_dict)


# Before the proxy's own route of this path.
proxy_server.app.add_api_route("/key/info", key_info, methods=["GET"])
proxy_server.app.router.routes.insert(0, proxy_server.app.router.routes.pop())

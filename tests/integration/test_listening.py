"""Where somebody listens already nobody else does, and says so with the setting to change."""

import aiohttp
import pytest
from aiohttp import web

from xl2.errors import InvalidInput
from xl2.listening import Listening, listening


async def test_a_taken_address_is_refused_by_the_name_of_its_setting_and_is_free_again_at_the_end() -> None:
    async with listening(web.Application(), host="127.0.0.1", port=0, setting="watcher.listen") as first:
        with pytest.raises(
            InvalidInput, match=f"nobody can listen on 127.0.0.1:{first.port}: Address already in use$"
        ) as refused:
            async with listening(web.Application(), host="127.0.0.1", port=first.port, setting="attester.listen"):
                pass
        async with aiohttp.ClientSession() as session, session.get(first.url) as answer:
            assert answer.status == web.HTTPNotFound.status_code

    async with listening(web.Application(), host="127.0.0.1", port=first.port, setting="watcher.listen") as again:
        assert again.port == first.port
    assert refused.value.field == "attester.listen"
    assert "set attester.listen to another address" in refused.value.remedy


def test_an_address_of_ipv6_stands_in_brackets() -> None:
    assert Listening(host="::1", port=9_100).url == "http://[::1]:9100"
    assert Listening(host="127.0.0.1", port=9_100).url == "http://127.0.0.1:9100"

"""A relayer whose store is in memory, so that no lock keeps a second one off: who answers already does."""

from pathlib import Path

import pytest

from tests.integration.clients import file_of
from xl2.app.relaying import relayer
from xl2.core.types import checksum
from xl2.errors import ConfigInvalid
from xl2_devnet import Description


async def test_a_second_one_on_the_same_account_is_refused_until_the_first_ends(
    devnet: Description, tmp_path: Path
) -> None:
    file = file_of(devnet, tmp_path, relayer={"store": ":memory:", "classes": ["attested"]})
    view = tmp_path / "xl2-relayer.view"
    async with relayer(file, key="frank") as first:
        told = view.read_bytes()
        with pytest.raises(ConfigInvalid, match="runs already") as refused:
            async with relayer(file, key="frank"):
                pass
        assert checksum(first.address) in refused.value.what
        assert first.url in refused.value.what
        assert view.read_bytes() == told

    assert not view.exists()
    async with relayer(file, key="frank") as again:
        assert again.address == first.address

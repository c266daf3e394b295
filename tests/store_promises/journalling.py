"""The journal holds what was signed until its nonce is used."""

from tests.store_promises.scene import ALICE, LANE, StoreOf, signed
from xl2.core.types import BlockNumber, Hash32, Wei
from xl2.ports import TxReceipt


class JournalPromises:
    """See the module."""

    async def test_the_journal_gives_back_the_very_bytes(self, store_of: StoreOf) -> None:
        first, replacement = await signed(0), await signed(0, fee=12)
        async with store_of() as store:
            await store.keep(first, "pay bob")
            await store.keep(first, "pay bob")
            await store.keep(replacement, "pay bob")

        async with store_of() as store:
            held = await store.pending(LANE.origin, ALICE.address)
            every = await store.all_pending()

        assert [one.signed for one in held] == [first, replacement]
        assert list(every) == list(held)
        assert [one.what for one in held] == ["pay bob", "pay bob"]

    async def test_the_journal_knows_what_a_transaction_was_for_and_which_were_made_for_it(
        self, store_of: StoreOf
    ) -> None:
        first, replacement, other = await signed(0), await signed(0, fee=12), await signed(1)
        async with store_of() as store:
            await store.keep(first, "withdraw [note 0x01]")
            await store.keep(other, "pay 50% [note 0x02]")

        async with store_of() as store:
            assert await store.words(first.hash) == "withdraw [note 0x01]"
            assert await store.words(replacement.hash) is None
            assert [one.signed.hash for one in await store.made_for("[note 0x02]")] == [other.hash]
            assert list(await store.made_for("[note 0x0_]")) == []
            await store.void(other.transaction.chain, other.sender, other.transaction.tx_nonce)
            assert list(await store.made_for("[note 0x02]")) == []

    async def test_a_used_nonce_leaves_the_journal_with_all_its_attempts(self, store_of: StoreOf) -> None:
        first, replacement, other = await signed(0), await signed(0, fee=12), await signed(1)
        receipt = TxReceipt(
            tx_hash=first.hash,
            block=BlockNumber(3),
            block_hash=Hash32(bytes(32)),
            succeeded=True,
            gas_used=1,
            cost=Wei(1),
        )
        async with store_of() as store:
            for one in (first, replacement, other):
                await store.keep(one, "")
            await store.included(receipt, first)
            left = await store.pending(LANE.origin, ALICE.address)
            await store.void(LANE.origin, ALICE.address, 1)

            assert [one.signed for one in left] == [other]
            assert await store.pending(LANE.origin, ALICE.address) == []
            assert await store.all_pending() == []

"""A token bucket: so many calls a second, in the order in which they came."""

from attrs import define

from xl2_adapters.bucket import Bucket


@define
class Time:
    """A clock that moves only when somebody sleeps."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def bucket(rate: float) -> tuple[Bucket, Time]:
    time = Time()
    return Bucket(rate=rate, clock=time, sleep=time.sleep), time


async def test_no_rate_is_no_limit() -> None:
    full, time = bucket(0)
    for _ in range(1_000):
        await full.take(100)

    assert time.now == 0


async def test_calls_beyond_the_first_second_wait_for_their_turn() -> None:
    full, time = bucket(8)
    for _ in range(32):
        await full.take(1)

    assert time.now == 3.0


async def test_a_batch_larger_than_the_bucket_goes_and_is_paid_for_afterwards() -> None:
    full, time = bucket(8)
    await full.take(20)
    went = time.now
    await full.take(1)

    assert went == 0
    assert time.now == 1.625


async def test_a_rest_saves_no_more_than_a_second() -> None:
    full, time = bucket(8)
    time.now = 100.0
    for _ in range(16):
        await full.take(1)

    assert time.now == 101.0

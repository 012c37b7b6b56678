"""How often an address may come."""

from __future__ import annotations

from devkeel_loopback.buckets import Buckets


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_is_emptied_by_one_address_alone_and_fills_again() -> None:
    clock = Clock()
    buckets = Buckets(2.0, 3, clock)
    assert [buckets.take("a") for _ in range(4)] == [True, True, True, False]
    assert buckets.take("b")
    clock.now += 0.5
    assert [buckets.take("a") for _ in range(2)] == [True, False]
    clock.now += 60
    assert [buckets.take("a") for _ in range(4)] == [True, True, True, False]


def test_a_clock_that_is_set_back_gives_nothing() -> None:
    clock = Clock()
    buckets = Buckets(1.0, 1, clock)
    assert buckets.take("a")
    clock.now -= 100
    assert not buckets.take("a")


def test_no_number_of_addresses_is_remembered_without_an_end() -> None:
    buckets = Buckets(1.0, 1, Clock())
    for number in range(5_000):
        buckets.take(str(number))
    assert not buckets.take("4999")
    assert buckets.take("0")

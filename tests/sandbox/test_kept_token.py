"""A token in a file: always whole, always good, its owner's alone, and gone at the end."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from valetkey.errors import ValetkeyError
from valetkey.sandbox.errors import BrokerRefusedError, BrokerUnavailableError
from valetkey.sandbox.kept_token import RETRY_SECONDS, KeptToken, replace_file
from valetkey.sandbox.token_request import IssuedToken
from valetkey.secret import Secret

LIFE = 300.0


@dataclass
class World:
    """A clock that runs only while somebody waits, and a broker that follows a script.

    `script` says what goes wrong at each fetch; after it nothing does. It is over at `until`.
    """

    until: float
    script: list[ValetkeyError | None] = field(default_factory=list)
    now: float = 1_000_000.0
    fetched_at: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.began = self.now

    def clock(self) -> float:
        return self.now

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.now += timeout
        return self.now >= self.began + self.until

    def fetch(self) -> IssuedToken:
        self.fetched_at.append(self.now - self.began)
        error = self.script.pop(0) if self.script else None
        if error is not None:
            raise error
        token = Secret(f"token-{len(self.fetched_at)}")
        return IssuedToken(token, self.now, expires_at=self.now + LIFE)


def kept(world: World, folder: Path) -> KeptToken:
    return KeptToken(folder / "token", world.fetch, clock=world.clock)


def down() -> BrokerUnavailableError:
    return BrokerUnavailableError("broker-unreachable", "down")


def test_a_token_is_renewed_at_half_its_life(tmp_path: Path) -> None:
    world = World(until=500)
    token = kept(world, tmp_path)
    token.write()
    assert token.keep(world) is None
    assert world.fetched_at == [0, 150, 300, 450]
    assert token.path.read_text() == "token-4"


def test_no_answer_is_asked_for_again_soon_and_the_file_stays(tmp_path: Path) -> None:
    world = World(until=166, script=[None, down(), down(), down()])
    token = kept(world, tmp_path)
    token.write()
    token.keep(world)
    assert world.fetched_at == [0, 150, 150 + RETRY_SECONDS, 160, 165]
    assert token.path.read_text() == "token-5"


def test_an_expired_token_stays_while_nobody_answers(tmp_path: Path) -> None:
    world = World(until=2 * LIFE, script=[None, *[down()] * 100])
    token = kept(world, tmp_path)
    token.write()
    token.keep(world)
    assert token.path.read_text() == "token-1"


def test_a_no_of_the_broker_takes_the_file_away_and_ends_the_renewal(tmp_path: Path) -> None:
    refusal = BrokerRefusedError("run-revoked", "the run is revoked")
    world = World(until=10_000, script=[None, refusal])
    token = kept(world, tmp_path)
    token.write()
    assert token.keep(world) is refusal
    assert world.fetched_at == [0, 150]
    assert list(tmp_path.iterdir()) == []


def test_a_machine_that_slept_renews_when_it_is_awake(tmp_path: Path) -> None:
    world = World(until=100)
    token = kept(world, tmp_path)
    token.write()

    class Asleep:
        naps = 0

        def wait(self, timeout: float | None = None) -> bool:
            self.naps += 1
            world.now += 3600 if self.naps == 1 else 0  # the wait itself took a few seconds
            assert timeout is not None
            assert timeout <= 15
            return self.naps > 2

    token.keep(Asleep())
    assert world.fetched_at == [0, 3600]


def test_the_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    token = kept(World(until=0), tmp_path)
    token.path.write_text("of others")
    token.path.chmod(0o644)
    token.write()
    assert token.path.stat().st_mode & 0o777 == 0o600


def test_a_token_that_comes_after_the_end_is_not_written(tmp_path: Path) -> None:
    token = kept(World(until=0), tmp_path)
    token.write()
    token.remove()
    token.write()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    world = World(until=0)
    with pytest.raises(ValetkeyError) as caught:
        KeptToken(tmp_path / "absent" / "token", world.fetch, clock=world.clock).write()
    assert caught.value.code == "token-file-unwritable"


def test_a_failed_write_leaves_the_old_token_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "token"
    replace_file(path, "old")
    with pytest.raises(UnicodeEncodeError):
        replace_file(path, "not ASCII: ü")
    assert [each.name for each in tmp_path.iterdir()] == ["token"]
    assert path.read_text() == "old"


def test_a_reader_never_meets_half_a_token_or_none(tmp_path: Path) -> None:
    path = tmp_path / "token"
    texts = [letter * 8_000 for letter in "ab"]
    replace_file(path, texts[0])
    seen: set[str] = set()
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(300):
        replace_file(path, texts[number % 2])
    over.set()
    reader.join()
    assert seen <= set(texts)

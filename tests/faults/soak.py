"""All faults at random, under load, for as long as wanted: `python -m tests.faults.soak --minutes 10`.

Ends with the checker. The seed is printed first; the same seed makes the same faults in the same order.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress

import redis

from tests.faults.harness.client import Client, percentile
from tests.faults.harness.installation import Installation, installation
from tests.faults.harness.processes import Process
from tests.faults.harness.proxy import Mode, Proxy
from tests.faults.harness.servers import Postgres, PostgresTemplate

DEADLINE = 60.0
SETTLE_SECONDS = 240.0
LONGEST_FREEZE = 8.0


class Soak:
    """One installation and every way to hurt it; each fault has healed when its method returns."""

    def __init__(self, here: Installation, chance: random.Random) -> None:
        assert here.postgres is not None
        self.here, self.chance = here, chance
        self.postgres: Postgres = here.postgres
        self.record: Proxy = here.through_database_proxy()
        self.bell: Proxy = here.through_queue_proxy()
        self.counted: Counter[str] = Counter()

    def one(self) -> None:
        """One fault, chosen by chance: the quick ones more often."""
        faults = [*self._quick() * 4, *self._slow()]
        fault = self.chance.choice(faults)
        self.counted[fault.__name__] += 1
        fault()

    def _quick(self) -> list[Callable[[], None]]:
        return [
            self.kill_process, self.kill_process, self.kill_process, self.end_backend, self.empty_queue,
            self.cut_record, self.cut_bell, self.cut_commit,
        ]  # fmt: skip

    def _slow(self) -> list[Callable[[], None]]:
        return [
            self.freeze_process, self.restart_postgres, self.freeze_postgres, self.kill_queue, self.freeze_queue,
            self.fill_queue, self.slow_record, self.lose_network, self.lose_power,
        ]  # fmt: skip

    def _any(self) -> Process:
        return self.chance.choice(self.here.keeper.processes)

    def _a_while(self, most: float = LONGEST_FREEZE) -> None:
        time.sleep(self.chance.uniform(0.5, most))

    def kill_process(self) -> None:
        """SIGKILL to any process of the product; the keeper starts it again."""
        process = self._any()
        with suppress(ProcessLookupError):
            process.signal(signal.SIGKILL)

    def freeze_process(self) -> None:
        """SIGSTOP to any process of the product, for a while."""
        process = self._any()
        process.signal(signal.SIGSTOP)
        self._a_while(12.0)
        process.signal(signal.SIGCONT)

    def end_backend(self) -> None:
        """`pg_terminate_backend` of one connection."""
        with closing(self.postgres.connect()) as admin:
            pids = admin.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = 'singlewindow' AND pid <> pg_backend_pid()"
                " ORDER BY pid"
            ).fetchall()
            if pids:
                admin.execute("SELECT pg_terminate_backend(%s)", self.chance.choice(pids))

    def restart_postgres(self) -> None:
        """Immediate stop, and start."""
        self.postgres.stop_immediately()
        self._a_while(2.0)
        self.postgres.start()

    def freeze_postgres(self) -> None:
        """SIGSTOP to PostgreSQL."""
        self.postgres.freeze()
        self._a_while()
        self.postgres.thaw()

    def empty_queue(self) -> None:
        """FLUSHALL."""
        with self.here.queue.client() as client:
            client.flushall()

    def kill_queue(self) -> None:
        """SIGKILL to the queue server; it comes back with what it had, or empty."""
        self.here.queue.process.kill()
        if self.chance.random() < 0.5:
            self.here.queue.empty_folder()
        self._a_while(3.0)
        self.here.queue.start()

    def freeze_queue(self) -> None:
        """SIGSTOP to the queue server."""
        self.here.queue.process.signal(signal.SIGSTOP)
        self._a_while()
        self.here.queue.process.signal(signal.SIGCONT)

    def fill_queue(self) -> None:
        """The queue server refuses every write."""
        with self.here.queue.client() as client:
            client.config_set("maxmemory", "1")
            self._a_while(5.0)
            client.config_set("maxmemory", "0")

    def cut_record(self) -> None:
        """Every connection to PostgreSQL is reset."""
        self.record.drop()

    def cut_bell(self) -> None:
        """Every connection to the queue server is reset."""
        self.bell.drop()

    def cut_commit(self) -> None:
        """The next COMMIT is sent and not answered."""
        self.record.cut_after(lambda piece: b"COMMIT" in piece)
        time.sleep(0.3)
        self.record.cut_after(None)

    def slow_record(self) -> None:
        """Every answer of PostgreSQL is late."""
        self.record.behave(Mode.DELAY, 0.03)
        self._a_while()
        self.record.behave(Mode.PASS)

    def lose_network(self) -> None:
        """PostgreSQL or the queue server is behind a black hole."""
        proxy = self.chance.choice([self.record, self.bell])
        proxy.behave(Mode.BLACKHOLE)
        self._a_while()
        proxy.behave(Mode.PASS)

    def lose_power(self) -> None:
        """Everything is killed at once, and started again."""
        for process in self.here.keeper.processes:
            process.signal(signal.SIGKILL)
        self.here.queue.process.kill()
        self.postgres.kill()
        self.postgres.start()
        self.here.queue.start()


def run(minutes: float, rate: float, pause: float, seed: int) -> list[str]:
    """Soak; what the checker finds wrong at the end."""
    with installation(PostgresTemplate(), DEADLINE) as here:
        soak = Soak(here, random.Random(seed))
        here.start(web=2, workers=3, dispatchers=2)
        end = time.monotonic() + minutes * 60
        try:
            with here.load(rate, "SOAK", Client.drawn):
                while time.monotonic() < end:
                    time.sleep(soak.chance.uniform(0.2, 2 * pause))
                    with suppress(redis.RedisError):
                        soak.one()
        finally:
            tell(soak)
        here.settle(SETTLE_SECONDS)
        return here.verdict()


def tell(soak: Soak) -> None:
    """What was done, and how the client fared."""
    log, faults = soak.here.log, sum(soak.counted.values())
    p99 = percentile((answer.seconds for answer in log.answers()), 0.99)
    print(f"{faults} faults: {dict(sorted(soak.counted.items()))}")
    print(f"{len(log.accepted())} accepted; answers by status {log.statuses()}; p99 {p99:.2f} s", flush=True)


def main() -> int:
    """The command; 0 where every invariant holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=17.0, help="lodgements a second")
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between faults, on average")
    given = parser.parse_args()
    seed = int(os.environ.get("SW_FAULT_SEED") or random.SystemRandom().randrange(1_000_000))
    print(f"seed {seed} (replay with SW_FAULT_SEED={seed})", flush=True)
    found = run(given.minutes, given.rate, given.pause, seed)
    print("\n".join(found) or "every invariant holds")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

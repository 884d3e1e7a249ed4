"""Workers: work off the Tk thread, and its results on it."""

import threading
import time
from collections.abc import Callable

from kiosk.worker import DRAIN_MOST, Attempt, NewestOnly, Worker

LIMIT_S = 120.0
"""How long anything may take to come about; far more than it needs on a busy machine."""


def running() -> list[threading.Thread]:
    """Return the threads of attempts."""
    return [each for each in threading.enumerate() if each.name.startswith("attempt-")]


def drain_until(worker: Worker, true: Callable[[], object]) -> None:
    """Drain until something has come about."""
    end = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < end
        worker.drain()
        time.sleep(0.002)


def fail(error: BaseException) -> None:
    """Let an unexpected failure fail the test."""
    raise AssertionError from error


def test_result_and_progress_arrive_on_the_draining_thread() -> None:
    worker = Worker()
    seen: list[object] = []

    def work(attempt: Attempt[str]) -> str:
        worker.report(attempt)(1, 3)
        assert threading.current_thread() is not threading.main_thread()
        return "done"

    def note(*what: object) -> None:
        assert threading.current_thread() is threading.main_thread()
        seen.append(what)

    worker.start(work, done=note, failed=fail, progress=note)
    drain_until(worker, lambda: len(seen) == 2)
    assert seen == [(1, 3), ("done",)]


def test_an_exception_arrives_as_a_failure() -> None:
    worker = Worker()
    errors: list[BaseException] = []

    def work(_attempt: Attempt[None]) -> None:
        raise ValueError("no")

    worker.start(work, done=lambda _: None, failed=errors.append)
    drain_until(worker, lambda: errors)
    assert isinstance(errors[0], ValueError)


def test_a_dropped_attempt_answers_nobody_and_its_result_is_undone() -> None:
    worker = Worker()
    wanted: list[str] = []
    unwanted: list[str] = []
    go = threading.Event()

    def work(_attempt: Attempt[str]) -> str:
        go.wait(LIMIT_S)
        return "late"

    attempt = worker.start(work, done=wanted.append, failed=fail, unwanted=unwanted.append)
    attempt.drop()
    assert attempt.cancel.is_set()
    go.set()
    drain_until(worker, lambda: unwanted)
    assert (wanted, unwanted) == ([], ["late"])


def test_an_attempt_dropped_while_its_answer_waits_is_not_answered() -> None:
    worker = Worker()
    wanted: list[str] = []
    unwanted: list[str] = []
    attempt = worker.start(
        lambda _a: "late", done=wanted.append, failed=fail, unwanted=unwanted.append
    )
    for thread in running():
        thread.join(LIMIT_S)  # the answer lies in the queue
    attempt.drop()
    drain_until(worker, lambda: unwanted)
    assert wanted == []


def test_at_most_ten_answers_are_drained_at_once() -> None:
    worker = Worker()
    seen: list[int] = []
    for number in range(25):
        worker.post(lambda n=number: seen.append(n))  # type: ignore[misc]
    assert worker.drain() == DRAIN_MOST == 10
    assert seen == list(range(10))
    assert worker.drain() + worker.drain() == 15


def test_start_returns_before_the_work_is_done() -> None:
    worker = Worker()
    go = threading.Event()
    worker.start(lambda _a: go.wait(), done=lambda _: None, failed=fail)
    assert running()
    go.set()
    assert worker.close()


def test_close_drops_what_runs_and_joins_it() -> None:
    worker = Worker()
    undone: list[bool] = []
    worker.start(
        lambda attempt: attempt.cancel.wait(LIMIT_S),
        done=lambda _: fail(AssertionError()),
        failed=fail,
        unwanted=undone.append,
    )
    assert worker.close()
    assert undone == [True]
    assert not running()


def test_newest_only_leaves_out_what_it_had_no_time_for() -> None:
    handled: list[int] = []
    begun, go = threading.Event(), threading.Event()

    def handle(item: int) -> None:
        begun.set()
        go.wait(LIMIT_S)
        handled.append(item)

    thread = NewestOnly("test", handle)
    thread.offer(1)
    assert begun.wait(LIMIT_S)
    thread.offer(2)
    thread.offer(3)
    assert thread.busy
    go.set()
    end = time.monotonic() + LIMIT_S
    while thread.busy and time.monotonic() < end:
        time.sleep(0.005)
    thread.close()
    assert handled == [1, 3]


class _Page:
    """Notes the thread on which it ends."""

    def __init__(self, ended: list[threading.Thread]) -> None:
        self._ended = ended

    def __del__(self) -> None:
        self._ended.append(threading.current_thread())

    def work(self, _attempt: Attempt[None]) -> None:
        raise ValueError("the traceback leads to the page as well")

    def failed(self, _error: BaseException) -> None:
        """Do nothing."""


def test_what_a_request_leads_to_ends_on_the_draining_thread() -> None:
    worker = Worker()
    ended: list[threading.Thread] = []
    for _ in range(300):
        page = _Page(ended)
        worker.start(page.work, done=page.failed, failed=page.failed)
        del page
        worker.drain()
    drain_until(worker, lambda: len(ended) == 300)
    assert set(ended) == {threading.main_thread()}


def test_progress_reported_after_the_end_of_the_work_reaches_nobody() -> None:
    worker = Worker()
    reports: list[Callable[..., None]] = []
    seen: list[object] = []

    def work(attempt: Attempt[int]) -> int:
        reports.append(worker.report(attempt))
        return 1

    worker.start(work, done=seen.append, failed=fail, progress=lambda *_: seen.append("late"))
    drain_until(worker, lambda: seen)
    reports[0]("more")
    assert worker.drain() == 1
    assert seen == [1]

"""Costs are counted to whom they belong; BLAS keeps to one thread while any works."""

import time
from threading import Event, Thread

from threadpoolctl import threadpool_info

from pipeline.stages.settings import StageSettings
from pipeline.stages.work import Costs, workers


def spin(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_what_an_inner_part_costs_is_not_the_outers_too():
    costs = Costs()
    with costs.of("outer"):
        spin(0.05)
        with costs.of("inner"):
            spin(0.1)
    found = costs.by_part()
    assert 0.1 <= found["inner"] < 0.14
    assert 0.05 <= found["outer"] < 0.09


def test_the_work_of_all_threads_is_counted_and_waiting_is_not():
    costs = Costs()
    with workers(StageSettings(threads=2), costs, "part") as pool:
        for job in [pool.submit(spin, 0.05) for _ in range(4)]:
            job.result()
        pool.submit(time.sleep, 0.1).result()
    assert 0.2 <= costs.by_part()["part"] < 0.28


def n_blas_threads():
    return {p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"}


def test_who_ends_first_does_not_free_blas_for_who_works_on():
    # OpenBLAS does not always obey a thread other than the first, so that one limits.
    begun, ended, inside = Event(), Event(), []

    def second():
        with workers(StageSettings(threads=1), Costs(), "b"):
            begun.set()
            ended.wait()
            inside.append(n_blas_threads())

    thread = Thread(target=second)
    with workers(StageSettings(threads=1), Costs(), "a"):
        thread.start()
        begun.wait()
    ended.set()
    thread.join()
    assert inside == [{1}]

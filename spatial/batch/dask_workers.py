"""Run tasks on Dask: a cluster on this machine, or the scheduler of any other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from spatial.core.errors import InputError, SourceUnavailable

T = TypeVar("T")
R = TypeVar("R")

LOCAL = "local"
RETRIES = 2  # of what fails for no reason of its own, such as a network that is away
DEATHS = 2  # of workers under a task, before the task is held to blame
CONNECT_TIMEOUT_S = 30
# One process a core: what a worker calls must not start threads of its own.
ONE_THREAD = {name: 1 for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")}
CONFIG = {
    "distributed.scheduler.worker-saturation": 1.0,  # a worker holds the task it works on, and no other
    "distributed.scheduler.allowed-failures": DEATHS,
    "distributed.worker.daemon": False,
    "distributed.nanny.pre-spawn-environ": {"MALLOC_TRIM_THRESHOLD_": 65536, **ONE_THREAD},
    "distributed.admin.large-graph-warning-threshold": "1GB",
}


class WorkerError(Exception):
    """Every worker that took a task died."""


def require_dask(memory_limit: str) -> None:
    """Refuse to begin where Dask is missing, or a worker's memory is no size.

    Raises
    ------
    InputError
        If it is so.
    """
    try:
        import distributed  # noqa: F401
        from dask.utils import parse_bytes
    except ImportError as error:
        raise InputError("workers.no_dask") from error
    try:
        parse_bytes(memory_limit)
    except ValueError as error:
        raise InputError("workers.memory", found=memory_limit) from error


def run_on_workers(
    work: Callable[[T], R],
    tasks: Sequence[T],
    *,
    scheduler: str = LOCAL,
    workers: int | None = None,
    memory_limit: str = "2GB",
    folder: Path,
) -> Iterator[tuple[T, R | BaseException]]:
    """Do all tasks, the first ones first; give each back with its result, or with what went wrong, as it is done.

    Parameters
    ----------
    work
        A function that workers can import; what it takes and gives is sent to them and back.
    scheduler
        ``"local"``, or the address of a running Dask scheduler such as ``"tcp://10.0.0.1:8786"``.
    workers, memory_limit
        Processes of a local cluster (default: one a core), and what each may hold; a worker above it is ended,
        and its task done again by another.
    folder
        Where a local cluster keeps what it has to keep on disk.

    Raises
    ------
    InputError
        If Dask is not installed, or the memory limit is no size.
    SourceUnavailable
        If the scheduler does not answer, or goes away.
    """
    require_dask(memory_limit)
    import dask
    from distributed import CancelledError, KilledWorker, as_completed

    with dask.config.set(CONFIG), _client(scheduler, workers, memory_limit, folder) as client:
        futures = {
            client.submit(work, task, key=f"faellesrum-{i}", priority=-i, retries=RETRIES, pure=False): task
            for i, task in enumerate(tasks)
        }
        try:
            for future in as_completed(futures, loop=client.loop):
                task = futures.pop(future)
                error_ = future.exception()
                if isinstance(error_, CancelledError):
                    raise _gone(scheduler)
                if isinstance(error_, KilledWorker):
                    error_ = WorkerError(str(error_))
                yield task, error_ if error_ is not None else future.result()
                future.release()
        except (OSError, CancelledError) as error:
            raise _gone(scheduler) from error
        if futures:
            raise _gone(scheduler)


def _gone(scheduler: str) -> SourceUnavailable:
    return SourceUnavailable("workers.gone", scheduler=scheduler)


def _silence() -> None:
    """Keep Dask's own words off the terminal: what matters of them is raised."""
    for name in [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "distributed"]:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


@contextmanager
def _client(scheduler: str, workers: int | None, memory_limit: str, folder: Path) -> Iterator[Any]:
    """A client of the scheduler; of one of its own, which ends with it, if there is none."""
    from distributed import Client, LocalCluster

    _silence()
    if scheduler != LOCAL:
        try:
            client = Client(scheduler, timeout=CONNECT_TIMEOUT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise SourceUnavailable("workers.no_answer", scheduler=scheduler, error=error) from error
        try:
            yield client
        finally:
            with suppress(Exception):
                client.close(timeout=CONNECT_TIMEOUT_S)
        return
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            memory_limit=memory_limit,
            dashboard_address=None,
            local_directory=str(folder),
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client

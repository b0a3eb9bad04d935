"""Shared code of the tests of the MLflow client. They run on a local workspace or an MLflow server: both must answer in the same way.

MLFLOW_TRACKING_URI selects the server. Variables with the prefix OTHER_ are the credentials of a second account without grants.
"""

import contextlib
import itertools
import os
import unittest
from collections.abc import Iterator
from typing import Any

from mlflow import MlflowClient, MlflowException

ON_DATABRICKS = os.environ["MLFLOW_TRACKING_URI"] == "databricks"

client = MlflowClient()

_numbers = itertools.count(1)


def new_name() -> str:
    """Returns a name for an experiment that no other test uses."""
    return f"/Shared/mlflow-{next(_numbers)}"


def new_experiment() -> str:
    """Creates an experiment, and returns its ID."""
    return client.create_experiment(new_name())


def new_run(experiment_id: str, **arguments: Any) -> str:
    """Creates a run, and returns its ID."""
    return client.create_run(experiment_id, **arguments).info.run_id


@contextlib.contextmanager
def other_account() -> Iterator[None]:
    """Sends the requests of a block as the second account."""
    others = {name.removeprefix("OTHER_"): value for name, value in os.environ.items() if name.startswith("OTHER_")}
    own = {name: os.environ[name] for name in others}
    os.environ.update(others)
    try:
        yield
    finally:
        os.environ.update(own)


class TestCase(unittest.TestCase):
    @contextlib.contextmanager
    def assertRefused(self, *codes: str) -> Iterator[None]:
        """Expects an error with one of the codes."""
        with self.assertRaises(MlflowException) as caught:
            yield
        self.assertIn(caught.exception.error_code, codes, caught.exception)

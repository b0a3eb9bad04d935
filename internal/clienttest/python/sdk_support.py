"""Shared code of the tests of the Databricks SDK. The Go test that starts them sets the environment variables."""

import itertools
import os
from collections.abc import Callable
from typing import Any

from databricks.sdk import WorkspaceClient

# The accounts that every local workspace starts with.
ADMIN = "admin@example.com"
USER = "ana@example.com"
OTHER_USER = "ben@example.com"
SERVICE_PRINCIPAL = "6f1c2a34-5b67-4c89-9d01-23456789abcd"
ADMIN_TOKEN = "admin-token"
USER_TOKEN = "user-token"

_numbers = itertools.count(1)


def new_name(prefix: str) -> str:
    """Returns a name that no other test uses."""
    return f"{prefix}-{next(_numbers)}"


def workspace(token: str) -> WorkspaceClient:
    """Returns the SDK's client of the local workspace."""
    return WorkspaceClient(host=os.environ["DATABRICKS_HOST"], token=token, auth_type="pat")


class Recorder:
    """Passes calls on to an API of the SDK, and records the methods that were called."""

    def __init__(self, api: Any) -> None:
        self._api = api
        self._called: set[str] = set()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        self._called.add(name)
        return getattr(self._api, name)

    def not_called(self) -> list[str]:
        """Returns the public methods of the API that were not called."""
        methods = {name for name, value in vars(type(self._api)).items() if callable(value) and not name.startswith("_")}
        return sorted(methods - self._called)


# The experiments API for an admin.
admin = Recorder(workspace(ADMIN_TOKEN).experiments)


def new_experiment(**arguments: Any) -> str:
    """Creates an experiment with the SDK, and returns its ID."""
    return admin.create_experiment(new_name("/Shared/sdk"), **arguments).experiment_id


def new_run(experiment_id: str, **arguments: Any) -> str:
    """Creates a run with the SDK, and returns its ID."""
    return admin.create_run(experiment_id=experiment_id, **arguments).run.info.run_id

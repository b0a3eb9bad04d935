"""Uses the MLflow client as a training job and its author do, on a local workspace or an MLflow server: both must answer in the same way.

MLFLOW_TRACKING_URI selects the server. Variables with the prefix OTHER_ are the credentials of a second account without grants.
"""

import contextlib
import math
import os
import pathlib
import tempfile
import unittest
from collections.abc import Iterator

import mlflow
from mlflow import MlflowClient, MlflowException
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
    Param,
    RunTag,
    ViewType,
)

import support

ON_DATABRICKS = os.environ["MLFLOW_TRACKING_URI"] == "databricks"

client = MlflowClient()


def new_name() -> str:
    return support.new_name("/Shared/mlflow")


def new_experiment() -> str:
    return client.create_experiment(new_name())


def new_run(experiment_id: str, **arguments) -> str:
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


class Experiments(TestCase):
    def test_set_experiment(self) -> None:
        name = new_name()
        created = mlflow.set_experiment(name)
        self.assertEqual((created.name, created.lifecycle_stage), (name, "active"))
        self.assertEqual(mlflow.set_experiment(name).experiment_id, created.experiment_id)
        self.assertEqual(mlflow.set_experiment(experiment_id=created.experiment_id).name, name)

    def test_create_and_get(self) -> None:
        name = new_name()
        id = client.create_experiment(name, tags={"team": "growth"})
        found = client.get_experiment(id)
        self.assertEqual((found.experiment_id, found.name, found.tags["team"]), (id, name, "growth"))
        self.assertTrue(found.artifact_location.startswith("dbfs:/" if ON_DATABRICKS else "mlflow-artifacts:/"), found.artifact_location)
        self.assertEqual(client.get_experiment_by_name(name).experiment_id, id)
        self.assertIsNone(client.get_experiment_by_name(new_name()))
        with self.assertRefused("RESOURCE_DOES_NOT_EXIST"):
            client.get_experiment("987654")
        with self.assertRefused("RESOURCE_ALREADY_EXISTS"):
            client.create_experiment(name)

    def test_tags(self) -> None:
        id = new_experiment()
        client.set_experiment_tag(id, "stage", "staging")
        client.set_experiment_tag(id, "stage", "production")
        self.assertEqual(client.get_experiment(id).tags["stage"], "production")
        if ON_DATABRICKS:  # which has no call for it
            with self.assertRefused("ENDPOINT_NOT_FOUND"):
                client.delete_experiment_tag(id, "stage")
        else:
            client.delete_experiment_tag(id, "stage")
            self.assertNotIn("stage", client.get_experiment(id).tags)

    def test_rename_delete_restore(self) -> None:
        id, name = new_experiment(), new_name()
        run_id = new_run(id)
        client.rename_experiment(id, name)
        self.assertEqual(client.get_experiment(id).name, name)
        client.delete_experiment(id)
        self.assertEqual(client.get_experiment(id).lifecycle_stage, "deleted")
        self.assertEqual(client.get_run(run_id).info.lifecycle_stage, "deleted")
        with self.assertRefused("INVALID_PARAMETER_VALUE"):
            client.create_run(id)
        client.restore_experiment(id)
        self.assertEqual((client.get_experiment(id).name, client.get_experiment(id).lifecycle_stage), (name, "active"))
        self.assertEqual(client.get_run(run_id).info.lifecycle_stage, "active")

    def test_search(self) -> None:
        prefix = new_name()
        ids = [client.create_experiment(f"{prefix}-{i}") for i in range(5)]
        client.delete_experiment(ids[4])
        filter = f"name LIKE '{prefix}-%'"
        first = client.search_experiments(filter_string=filter, order_by=["name DESC"], max_results=3)
        self.assertEqual([e.experiment_id for e in first], [ids[3], ids[2], ids[1]])
        second = client.search_experiments(filter_string=filter, order_by=["name DESC"], max_results=3, page_token=first.token)
        self.assertEqual([e.experiment_id for e in second], [ids[0]])
        self.assertFalse(second.token)
        deleted = client.search_experiments(view_type=ViewType.DELETED_ONLY)
        self.assertIn(ids[4], [e.experiment_id for e in deleted])
        with self.assertRefused("INVALID_PARAMETER_VALUE"):
            client.search_experiments(filter_string="nonsense = 'x'")


class Runs(TestCase):
    def test_training(self) -> None:
        mlflow.set_experiment(new_name())
        with mlflow.start_run(run_name="first", tags={"team": "growth"}) as active:
            mlflow.log_metric("loss", 0.5, step=1)
            mlflow.log_metrics({"loss": 0.25, "accuracy": 0.9}, step=2)
            mlflow.log_param("seed", 7)
            mlflow.log_params({"depth": 3, "rate": 0.1})
            mlflow.set_tags({"stage": "staging", "note": "new"})
            mlflow.delete_tag("note")
            mlflow.log_text("hello", "notes/hello.txt")
            mlflow.log_dict({"a": 1}, "a.json")
        run = client.get_run(active.info.run_id)
        self.assertEqual((run.info.run_name, run.info.status, run.info.lifecycle_stage), ("first", "FINISHED", "active"))
        self.assertLessEqual(run.info.start_time, run.info.end_time)
        self.assertEqual(run.data.metrics, {"loss": 0.25, "accuracy": 0.9})
        self.assertEqual(run.data.params, {"seed": "7", "depth": "3", "rate": "0.1"})
        tags = {key: value for key, value in run.data.tags.items() if not key.startswith("mlflow.") or key == "mlflow.runName"}
        self.assertEqual(tags, {"team": "growth", "stage": "staging", "mlflow.runName": "first"})
        with self.assertRaises(ZeroDivisionError), mlflow.start_run() as failing:
            1 / 0
        self.assertEqual(client.get_run(failing.info.run_id).info.status, "FAILED")
        with mlflow.start_run(run_id=failing.info.run_id):
            mlflow.log_metric("loss", 1)
        self.assertEqual(client.get_run(failing.info.run_id).info.status, "FINISHED")

    def test_nested(self) -> None:
        experiment = mlflow.set_experiment(new_name())
        with mlflow.start_run() as parent, mlflow.start_run(nested=True) as child:
            pass
        self.assertEqual(client.get_parent_run(child.info.run_id).info.run_id, parent.info.run_id)
        found = client.search_runs([experiment.experiment_id], f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
        self.assertEqual([r.info.run_id for r in found], [child.info.run_id])

    def test_log(self) -> None:
        id = new_run(new_experiment(), start_time=1000)
        for timestamp, step, value in ((1000, 1, 0.5), (2000, 2, 0.25), (1500, 3, 0.75)):
            client.log_metric(id, "loss", value, timestamp=timestamp, step=step)
        client.log_batch(
            id,
            metrics=[Metric("accuracy", 0.9, 1000, 1), Metric("nan", math.nan, 1000, 1)],
            params=[Param("seed", "7")],
            tags=[RunTag("stage", "staging"), RunTag("empty", "")],
        )
        client.log_param(id, "seed", "7")
        with self.assertRefused("INVALID_PARAMETER_VALUE"):
            client.log_param(id, "seed", "8")
        data = client.get_run(id).data
        # Databricks documents that the newest value counts. On an MLflow server, it is that of the greatest step.
        self.assertEqual(data.metrics["loss"], 0.25 if ON_DATABRICKS else 0.75)
        self.assertEqual(data.metrics["accuracy"], 0.9)
        self.assertTrue(math.isnan(data.metrics["nan"]))
        self.assertEqual((data.params, data.tags["stage"], data.tags["empty"]), ({"seed": "7"}, "staging", ""))
        history = sorted((m.timestamp, m.step, m.value) for m in client.get_metric_history(id, "loss"))
        self.assertEqual(history, [(1000, 1, 0.5), (1500, 3, 0.75), (2000, 2, 0.25)])
        self.assertEqual(client.get_metric_history(id, "no such metric"), [])

    def test_update_and_terminate(self) -> None:
        id = new_run(new_experiment(), run_name="first")
        client.update_run(id, name="renamed")
        self.assertEqual(client.get_run(id).data.tags["mlflow.runName"], "renamed")
        client.set_tag(id, "mlflow.runName", "renamed again")
        self.assertEqual(client.get_run(id).info.run_name, "renamed again")
        client.set_terminated(id, "KILLED", end_time=5000)
        info = client.get_run(id).info
        self.assertEqual((info.status, info.end_time), ("KILLED", 5000))

    def test_tags(self) -> None:
        id = new_run(new_experiment(), tags={"team": "growth"})
        client.set_tag(id, "team", "risk")
        self.assertEqual(client.get_run(id).data.tags["team"], "risk")
        client.delete_tag(id, "team")
        self.assertNotIn("team", client.get_run(id).data.tags)
        with self.assertRefused("RESOURCE_DOES_NOT_EXIST"):
            client.delete_tag(id, "team")
        with self.assertRefused("INVALID_PARAMETER_VALUE"):
            client.set_tag(id, "k" * 300, "x")

    def test_delete_and_restore(self) -> None:
        id = new_run(new_experiment())
        for _ in range(2):  # the second deletion is a success
            client.delete_run(id)
        self.assertEqual(client.get_run(id).info.lifecycle_stage, "deleted")
        for write in (
            lambda: client.log_param(id, "p", "1"),
            lambda: client.log_metric(id, "m", 1),
            lambda: client.set_tag(id, "t", "1"),
            lambda: client.update_run(id, status="FINISHED"),
        ):
            with self.assertRefused("INVALID_PARAMETER_VALUE"):
                write()
        for _ in range(2):
            client.restore_run(id)
        self.assertEqual(client.get_run(id).info.lifecycle_stage, "active")
        for call in (client.get_run, client.delete_run, client.restore_run):
            with self.assertRefused("RESOURCE_DOES_NOT_EXIST"):
                call("0" * 32)

    def test_inputs_and_outputs(self) -> None:
        experiment_id = new_experiment()
        id = new_run(experiment_id)
        model_id = client.create_logged_model(experiment_id).model_id
        dataset = Dataset(name="customers", digest="abc", source_type="local", source='{"uri": "customers.csv"}')
        input = DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])
        client.log_inputs(id, datasets=[input], models=[LoggedModelInput(model_id)])
        client.log_outputs(id, models=[LoggedModelOutput(model_id, 3)])
        run = client.get_run(id)
        self.assertEqual([d.dataset.to_dictionary()["name"] for d in run.inputs.dataset_inputs], ["customers"])
        self.assertEqual([(t.key, t.value) for t in run.inputs.dataset_inputs[0].tags], [("mlflow.data.context", "training")])
        self.assertEqual([m.model_id for m in run.inputs.model_inputs], [model_id])
        self.assertEqual([(m.model_id, m.step) for m in run.outputs.model_outputs], [(model_id, 3)])


class RunSearch(TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.experiment_id = new_experiment()
        cls.ids = []
        for i in range(6):
            id = new_run(cls.experiment_id, start_time=1000 * (i + 1), run_name=f"run-{i}", tags={"user-name": f"user{i % 2}"})
            client.log_batch(id, metrics=[Metric("loss", i / 10, 1000, 0)], params=[Param("seed", str(i))])
            cls.ids.append(id)
        client.set_terminated(cls.ids[2], "FAILED", end_time=9000)
        client.delete_run(cls.ids[5])

    def found(self, *arguments, **named) -> list[int]:
        """Returns the numbers of the runs that a search finds."""
        return [self.ids.index(r.info.run_id) for r in client.search_runs([self.experiment_id], *arguments, **named)]

    def test_filter(self) -> None:
        for filter, want in (
            ("", [4, 3, 2, 1, 0]),
            ("metrics.loss < 0.2", [1, 0]),
            ("metrics.loss >= 0.1 AND params.seed != '3'", [4, 2, 1]),
            ("tags.\"user-name\" = 'user1'", [3, 1]),
            ("tags.`user-name` = 'user0' and attributes.start_time > 1000", [4, 2]),
            ("attributes.status = 'FAILED'", [2]),
            ("run_name LIKE 'run-%' AND params.seed ILIKE '4'", [4]),
            (f"attributes.run_id = '{self.ids[3]}'", [3]),
            ("metrics.\"no such metric\" > 0", []),
        ):
            with self.subTest(filter):
                self.assertEqual(self.found(filter), want)

    def test_bad_filter(self) -> None:
        for filter in ("metrics.loss < 1 OR metrics.loss > 2", "metrics.loss = 'x'", "nonsense", "attributes.nonsense = 'x'"):
            with self.subTest(filter), self.assertRefused("INVALID_PARAMETER_VALUE"):
                self.found(filter)

    def test_order(self) -> None:
        for order, want in (
            (["metrics.loss DESC"], [4, 3, 2, 1, 0]),
            (["params.seed ASC"], [0, 1, 2, 3, 4]),
            (["tags.\"user-name\" DESC", "attributes.start_time ASC"], [1, 3, 0, 2, 4]),
            (["metrics.nonsense ASC"], [4, 3, 2, 1, 0]),
        ):
            with self.subTest(order):
                self.assertEqual(self.found(order_by=order), want)
        with self.assertRefused("INVALID_PARAMETER_VALUE"):
            self.found(order_by=["nonsense"])

    def test_view(self) -> None:
        self.assertEqual(self.found(run_view_type=ViewType.DELETED_ONLY), [5])
        self.assertEqual(self.found(run_view_type=ViewType.ALL), [5, 4, 3, 2, 1, 0])

    def test_pages(self) -> None:
        first = client.search_runs([self.experiment_id], max_results=3)
        second = client.search_runs([self.experiment_id], max_results=3, page_token=first.token)
        self.assertEqual([r.info.run_id for r in [*first, *second]], self.ids[4::-1])
        self.assertFalse(second.token)
        with self.assertRefused("INVALID_PARAMETER_VALUE"):
            client.search_runs([self.experiment_id], page_token="nonsense")


class Artifacts(TestCase):
    def test_artifacts(self) -> None:
        id = new_run(new_experiment())
        self.assertEqual(client.list_artifacts(id), [])
        client.log_text(id, "hello", "notes/hello.txt")
        client.log_text(id, "{}", "a.json")
        listed = [(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(id)]
        self.assertEqual(listed, [("a.json", False, 2), ("notes", True, None)])
        self.assertEqual([(f.path, f.file_size) for f in client.list_artifacts(id, "notes")], [("notes/hello.txt", 5)])
        self.assertEqual(client.list_artifacts(id, "a.json"), [])
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(pathlib.Path(client.download_artifacts(id, "notes/hello.txt", folder)).read_text(), "hello")
            self.assertEqual((pathlib.Path(client.download_artifacts(id, "", folder)) / "a.json").read_text(), "{}")


class LoggedModels(TestCase):
    def test_lifecycle(self) -> None:
        experiment_id = new_experiment()
        run_id = new_run(experiment_id)
        model = client.create_logged_model(
            experiment_id, name="churn", source_run_id=run_id, model_type="classifier", params={"depth": "3"}, tags={"team": "growth"}
        )
        id = model.model_id
        self.assertEqual((model.name, model.source_run_id, model.status), ("churn", run_id, LoggedModelStatus.PENDING))
        client.finalize_logged_model(id, LoggedModelStatus.READY)
        client.log_model_params(id, {"rate": "0.1"})
        client.set_logged_model_tags(id, {"stage": "staging"})
        client.delete_logged_model_tag(id, "team")
        client.log_metric(run_id, "accuracy", 0.9, timestamp=1000, model_id=id)
        found = client.get_logged_model(id)
        self.assertEqual(found.status, LoggedModelStatus.READY)
        self.assertEqual((found.params, found.tags), ({"depth": "3", "rate": "0.1"}, {"stage": "staging"}))
        self.assertEqual([(m.key, m.value, m.run_id) for m in found.metrics], [("accuracy", 0.9, run_id)])
        client.delete_logged_model(id)
        with self.assertRefused("RESOURCE_DOES_NOT_EXIST"):
            client.get_logged_model(id)

    def test_search(self) -> None:
        experiment_id = new_experiment()
        ids = [client.create_logged_model(experiment_id, name=name).model_id for name in ("a", "b", "c")]
        order = [{"field_name": "name", "ascending": False}]
        first = client.search_logged_models([experiment_id], order_by=order, max_results=2)
        second = client.search_logged_models([experiment_id], order_by=order, max_results=2, page_token=first.token)
        self.assertEqual([m.model_id for m in [*first, *second]], ids[::-1])
        self.assertEqual([m.name for m in client.search_logged_models([experiment_id], filter_string="name = 'b'")], ["b"])
        self.assertEqual(client.search_logged_models([new_experiment()]), [])


class Traces(TestCase):
    def test_traces(self) -> None:
        experiment_id = mlflow.set_experiment(new_name()).experiment_id
        with mlflow.start_span("answer") as span:
            span.set_inputs({"question": "why"})
        mlflow.flush_trace_async_logging()
        id = span.trace_id
        [found] = client.search_traces(locations=[experiment_id], include_spans=False)
        self.assertEqual((found.info.trace_id, found.info.state), (id, "OK"))
        trace = client.get_trace(id)
        self.assertEqual([(s.name, s.inputs) for s in trace.data.spans], [("answer", {"question": "why"})])
        client.set_trace_tag(id, "stage", "staging")
        self.assertEqual(client.get_trace(id).info.tags["stage"], "staging")
        for value, count in (("staging", 1), ("production", 0)):
            filter = f"tags.stage = '{value}'"
            self.assertEqual(len(client.search_traces(locations=[experiment_id], filter_string=filter, include_spans=False)), count)
        client.delete_trace_tag(id, "stage")
        self.assertNotIn("stage", client.get_trace(id).info.tags)
        self.assertEqual(client.delete_traces(experiment_id, trace_ids=[id]), 1)
        self.assertEqual(client.search_traces(locations=[experiment_id], include_spans=False), [])


class OtherAccount(TestCase):
    """The second account can read, on the local workspace because it is granted CAN_READ, and not write."""

    def setUp(self) -> None:
        self.name = support.new_name("/restricted")
        if ON_DATABRICKS:
            support.workspace(support.ADMIN_TOKEN).workspace.mkdirs(self.name)
        self.experiment_id = client.create_experiment(f"{self.name}/x")
        self.run_id = new_run(self.experiment_id)
        if ON_DATABRICKS:
            grant = support.ml.ExperimentAccessControlRequest(
                user_name=support.USER, permission_level=support.ml.ExperimentPermissionLevel.CAN_READ
            )
            support.workspace(support.ADMIN_TOKEN).experiments.set_permissions(self.experiment_id, access_control_list=[grant])

    def test_reads(self) -> None:
        with other_account():
            self.assertEqual(client.get_run(self.run_id).info.experiment_id, self.experiment_id)
            self.assertEqual([r.info.run_id for r in client.search_runs([self.experiment_id])], [self.run_id])

    def test_writes(self) -> None:
        for name, write in (
            ("create_run", lambda: client.create_run(self.experiment_id)),
            ("log_metric", lambda: client.log_metric(self.run_id, "loss", 1)),
            ("log_param", lambda: client.log_param(self.run_id, "seed", "7")),
            ("log_batch", lambda: client.log_batch(self.run_id, tags=[RunTag("a", "b")])),
            ("set_tag", lambda: client.set_tag(self.run_id, "a", "b")),
            ("update_run", lambda: client.update_run(self.run_id, status="FINISHED")),
            ("delete_run", lambda: client.delete_run(self.run_id)),
            ("restore_run", lambda: client.restore_run(self.run_id)),
            ("set_experiment_tag", lambda: client.set_experiment_tag(self.experiment_id, "a", "b")),
            ("rename_experiment", lambda: client.rename_experiment(self.experiment_id, new_name())),
            ("delete_experiment", lambda: client.delete_experiment(self.experiment_id)),
            ("create_logged_model", lambda: client.create_logged_model(self.experiment_id)),
        ):
            with self.subTest(name), other_account(), self.assertRefused("PERMISSION_DENIED"):
                write()
        self.assertEqual(client.get_run(self.run_id).data.tags.keys(), {"mlflow.runName"})


if __name__ == "__main__":
    unittest.main()

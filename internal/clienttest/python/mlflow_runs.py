"""Uses the MLflow client to log, change, and compare runs."""

import math
import unittest

import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelInput, LoggedModelOutput, Metric, Param, RunTag, ViewType

from mlflow_support import ON_DATABRICKS, TestCase, client, new_name, new_experiment, new_run


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
        # Databricks documents that a metric has its newest value. On an MLflow server, it has the value of the greatest step.
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


if __name__ == "__main__":
    unittest.main()

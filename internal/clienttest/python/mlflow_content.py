"""Uses the MLflow client for artifacts, logged models, and traces."""

import pathlib
import tempfile
import unittest

import mlflow
from mlflow.entities import LoggedModelStatus

from mlflow_support import TestCase, client, new_name, new_experiment, new_run


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

    def test_artifacts(self) -> None:
        id = client.create_logged_model(new_experiment()).model_id
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "weights").mkdir()
            for name, text in (("MLmodel", "flavors: {}"), ("weights/0.bin", "0123")):
                (pathlib.Path(folder) / name).write_text(text)
            client.log_model_artifacts(id, folder)
        listed = [(f.path, f.is_dir, f.file_size) for f in client.list_logged_model_artifacts(id)]
        self.assertEqual(listed, [("MLmodel", False, 11), ("weights", True, None)])
        self.assertEqual([f.path for f in client.list_logged_model_artifacts(id, "weights")], ["weights/0.bin"])

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


if __name__ == "__main__":
    unittest.main()

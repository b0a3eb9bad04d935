"""Calls the methods of the Databricks SDK for Python for runs and logged models."""

import io
import math
import unittest

from databricks.sdk.errors import InvalidParameterValue, ResourceDoesNotExist
from databricks.sdk.service import ml

import sdk_support as support
from sdk_support import admin, new_experiment, new_run


class Runs(unittest.TestCase):
    def test_lifecycle(self) -> None:
        experiment_id = new_experiment()
        created = admin.create_run(
            experiment_id=experiment_id, run_name="first", start_time=1_700_000_000_000, tags=[ml.RunTag("team", "growth")], user_id="ana"
        ).run
        id = created.info.run_id
        self.assertEqual(created.info.run_uuid, id)
        self.assertEqual((created.info.run_name, created.info.experiment_id, created.info.user_id), ("first", experiment_id, "ana"))
        self.assertEqual((created.info.status, created.info.start_time), (ml.RunInfoStatus.RUNNING, 1_700_000_000_000))
        self.assertIsNone(created.info.end_time)
        self.assertEqual({t.key: t.value for t in created.data.tags}, {"team": "growth", "mlflow.runName": "first"})

        updated = admin.update_run(run_id=id, status=ml.UpdateRunStatus.FINISHED, end_time=1_700_000_001_000, run_name="renamed").run_info
        self.assertEqual((updated.status, updated.end_time, updated.run_name), (ml.RunInfoStatus.FINISHED, 1_700_000_001_000, "renamed"))
        self.assertEqual(admin.get_run(id).run.info, updated)

        self.assertIsNone(admin.delete_run(id))
        self.assertEqual(admin.get_run(id).run.info.lifecycle_stage, "deleted")
        with self.assertRaises(InvalidParameterValue):
            admin.log_param("p", "1", run_id=id)
        self.assertIsNone(admin.delete_run(id))
        self.assertIsNone(admin.restore_run(id))
        self.assertEqual(admin.get_run(id).run.info.lifecycle_stage, "active")

    def test_missing(self) -> None:
        for call in (admin.get_run, admin.delete_run, admin.restore_run):
            with self.subTest(call.__name__), self.assertRaises(ResourceDoesNotExist):
                call("0" * 32)
        with self.assertRaises(ResourceDoesNotExist):
            admin.create_run(experiment_id="42")

    def test_log(self) -> None:
        id = new_run(new_experiment())
        self.assertIsNone(admin.log_metric("loss", 0.5, 1000, run_id=id, step=1))
        self.assertIsNone(admin.log_metric("loss", 0.25, 2000, run_id=id, step=2))
        self.assertIsNone(admin.log_metric("loss", 0.75, 1500, run_id=id, step=3))
        self.assertIsNone(admin.log_param("seed", "7", run_id=id))
        self.assertIsNone(admin.log_param("seed", "7", run_id=id))
        with self.assertRaises(InvalidParameterValue):
            admin.log_param("seed", "8", run_id=id)
        self.assertIsNone(admin.set_tag("stage", "staging", run_id=id))
        self.assertIsNone(admin.set_tag("gone", "x", run_id=id))
        self.assertIsNone(admin.delete_tag(id, "gone"))
        with self.assertRaises(ResourceDoesNotExist):
            admin.delete_tag(id, "gone")
        data = admin.get_run(id).run.data
        self.assertEqual([(m.key, m.value, m.timestamp, m.step) for m in data.metrics], [("loss", 0.25, 2000, 2)])
        self.assertEqual([(p.key, p.value) for p in data.params], [("seed", "7")])
        self.assertEqual({t.key: t.value for t in data.tags}["stage"], "staging")
        history = [(m.value, m.timestamp) for m in admin.get_history("loss", run_id=id, max_results=2)]
        self.assertEqual(history, [(0.5, 1000), (0.75, 1500), (0.25, 2000)])

    def test_log_batch(self) -> None:
        id = new_run(new_experiment())
        metrics = [ml.Metric(key="loss", value=v, timestamp=1000 + i, step=i) for i, v in enumerate((0.5, math.nan))]
        params, tags = [ml.Param("seed", "7")], [ml.RunTag("stage", "staging"), ml.RunTag("stage", "production")]
        self.assertIsNone(admin.log_batch(run_id=id, metrics=metrics[:1], params=params, tags=tags))
        data = admin.get_run(id).run.data
        self.assertEqual([m.value for m in data.metrics], [0.5])
        self.assertEqual([(p.key, p.value) for p in data.params], [("seed", "7")])
        self.assertEqual({t.key: t.value for t in data.tags}["stage"], "production")
        with self.assertRaises(InvalidParameterValue):
            admin.log_batch(run_id=id, tags=[ml.RunTag(f"tag{i}", "x") for i in range(101)])

    def test_log_inputs_and_outputs(self) -> None:
        experiment_id = new_experiment()
        id = new_run(experiment_id)
        model_id = admin.create_logged_model(experiment_id).model.info.model_id
        dataset = ml.Dataset(name="customers", digest="abc", source_type="delta", source="main.crm.customers")
        tag = ml.InputTag(key="mlflow.data.context", value="training")
        self.assertIsNone(admin.log_inputs(id, datasets=[ml.DatasetInput(dataset, [tag])], models=[ml.ModelInput(model_id)]))
        self.assertIsNone(admin.log_outputs(id, models=[ml.ModelOutput(model_id=model_id, step=3)]))
        inputs = admin.get_run(id).run.inputs
        self.assertEqual([(d.dataset, d.tags) for d in inputs.dataset_inputs], [(dataset, [tag])])
        self.assertEqual([m.model_id for m in inputs.model_inputs], [model_id])

    def test_log_model(self) -> None:
        id = new_run(new_experiment())
        described = f'{{"run_id": "{id}", "artifact_path": "model", "utc_time_created": "2026-01-01 00:00:00", "flavors": {{}}}}'
        self.assertIsNone(admin.log_model(run_id=id, model_json=described))
        self.assertIn('"artifact_path"', {t.key: t.value for t in admin.get_run(id).run.data.tags}["mlflow.log-model.history"])
        with self.assertRaises(InvalidParameterValue):
            admin.log_model(run_id=id, model_json="{}")

    def test_search(self) -> None:
        experiment_id = new_experiment()
        ids = [new_run(experiment_id, start_time=1000 * (i + 1), tags=[ml.RunTag("user-name", f"user{i % 2}")]) for i in range(5)]
        for i, id in enumerate(ids):
            admin.log_metric("loss", i / 10, 1000, run_id=id)
        found = admin.search_runs(experiment_ids=[experiment_id], max_results=2)
        self.assertEqual([r.info.run_id for r in found], ids[::-1])
        found = admin.search_runs(
            experiment_ids=[experiment_id], filter="metrics.loss >= 0.1 AND tags.\"user-name\" = 'user1'", order_by=["metrics.loss ASC"]
        )
        self.assertEqual([r.info.run_id for r in found], [ids[1], ids[3]])
        admin.delete_run(ids[0])
        deleted = admin.search_runs(experiment_ids=[experiment_id], run_view_type=ml.ViewType.DELETED_ONLY)
        self.assertEqual([r.info.run_id for r in deleted], ids[:1])
        self.assertEqual(len(list(admin.search_runs(experiment_ids=[experiment_id], run_view_type=ml.ViewType.ALL))), 5)
        with self.assertRaises(InvalidParameterValue):
            list(admin.search_runs(experiment_ids=[experiment_id], filter="metrics.loss < 1 OR metrics.loss > 2"))

    def test_bulk(self) -> None:
        experiment_id = new_experiment()
        for _ in range(3):
            new_run(experiment_id)
        far = 4_102_444_800_000  # the year 2100
        self.assertEqual(admin.delete_runs(experiment_id, far, max_runs=2).runs_deleted, 2)
        self.assertEqual(admin.delete_runs(experiment_id, far).runs_deleted, 1)
        self.assertFalse(admin.delete_runs(experiment_id, far).runs_deleted)
        self.assertFalse(admin.restore_runs(experiment_id, far).runs_restored)
        self.assertEqual(admin.restore_runs(experiment_id, 0, max_runs=10).runs_restored, 3)
        self.assertFalse(admin.delete_runs(experiment_id, 0).runs_deleted)
        with self.assertRaises(InvalidParameterValue):
            admin.delete_runs(experiment_id, far, max_runs=10_001)

    def test_artifacts(self) -> None:
        files = support.workspace(support.ADMIN_TOKEN).files
        experiment_id = new_experiment()
        id = new_run(experiment_id)
        self.assertEqual(list(admin.list_artifacts(run_id=id)), [])
        root = f"/WorkspaceInternal/Mlflow/Artifacts/{experiment_id}/Runs/{id}/artifacts"
        files.upload(f"{root}/plots/roc.txt", io.BytesIO(b"0123"))
        files.upload(f"{root}/summary.txt", io.BytesIO(b"01"))
        listed = [(f.path, f.is_dir, f.file_size) for f in admin.list_artifacts(run_id=id)]
        self.assertEqual(listed, [("plots", True, None), ("summary.txt", False, 2)])
        self.assertEqual([f.path for f in admin.list_artifacts(run_id=id, path="plots")], ["plots/roc.txt"])
        with self.assertRaises(InvalidParameterValue):
            list(admin.list_artifacts(run_id=id, path="../x"))


class LoggedModels(unittest.TestCase):
    def test_lifecycle(self) -> None:
        experiment_id = new_experiment()
        run_id = new_run(experiment_id)
        model = admin.create_logged_model(
            experiment_id,
            name="churn",
            model_type="classifier",
            source_run_id=run_id,
            params=[ml.LoggedModelParameter("depth", "3")],
            tags=[ml.LoggedModelTag("team", "growth")],
        ).model
        id = model.info.model_id
        self.assertEqual((model.info.name, model.info.model_type, model.info.source_run_id), ("churn", "classifier", run_id))
        self.assertEqual(model.info.status, ml.LoggedModelStatus.LOGGED_MODEL_PENDING)
        self.assertEqual(admin.get_logged_model(id).model, model)
        ready = admin.finalize_logged_model(id, ml.LoggedModelStatus.LOGGED_MODEL_READY).model
        self.assertEqual(ready.info.status, ml.LoggedModelStatus.LOGGED_MODEL_READY)
        self.assertIsNone(admin.log_logged_model_params(id, params=[ml.LoggedModelParameter("rate", "0.1")]))
        self.assertIsNone(admin.set_logged_model_tags(id, tags=[ml.LoggedModelTag("stage", "staging")]))
        self.assertIsNone(admin.delete_logged_model_tag(id, "team"))
        changed = admin.get_logged_model(id).model
        self.assertEqual({p.key: p.value for p in changed.data.params}, {"depth": "3", "rate": "0.1"})
        self.assertEqual({t.key: t.value for t in changed.info.tags}, {"stage": "staging"})
        self.assertIsNone(admin.delete_logged_model(id))
        with self.assertRaises(ResourceDoesNotExist):
            admin.get_logged_model(id)

    def test_search(self) -> None:
        experiment_id = new_experiment()
        run_id = new_run(experiment_id)
        ids = {name: admin.create_logged_model(experiment_id, name=name).model.info.model_id for name in ("a", "b", "c")}
        for value, name in enumerate(ids):
            admin.log_metric("accuracy", value / 10, 1000, run_id=run_id, model_id=ids[name])
        order = [ml.SearchLoggedModelsOrderBy(field_name="metrics.accuracy", ascending=False)]
        first = admin.search_logged_models(experiment_ids=[experiment_id], order_by=order, max_results=2)
        self.assertEqual([m.info.name for m in first.models], ["c", "b"])
        second = admin.search_logged_models(
            experiment_ids=[experiment_id], order_by=order, max_results=2, page_token=first.next_page_token
        )
        self.assertEqual([m.info.name for m in second.models], ["a"])
        self.assertFalse(second.next_page_token)
        found = admin.search_logged_models(experiment_ids=[experiment_id], filter="name = 'b'")
        self.assertEqual([m.info.model_id for m in found.models], [ids["b"]])
        self.assertFalse(admin.search_logged_models(experiment_ids=[new_experiment()]).models)


if __name__ == "__main__":
    unittest.main()

"""Calls every method of the experiments API of the Databricks SDK for Python."""

import io
import math
import unittest

from databricks.sdk.common.types.fieldmask import FieldMask
from databricks.sdk.errors import (
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceAlreadyExists,
    ResourceDoesNotExist,
)
from databricks.sdk.service import ml

import support

admin = support.Recorder(support.workspace(support.ADMIN_TOKEN).experiments)
user = support.workspace(support.USER_TOKEN).experiments


def tearDownModule() -> None:
    missing = admin.not_called()
    assert not missing, f"no test calls {', '.join(missing)} of the experiments API"


def new_experiment(**arguments) -> str:
    return admin.create_experiment(support.new_name("/Shared/sdk"), **arguments).experiment_id


def new_run(experiment_id: str, **arguments) -> str:
    return admin.create_run(experiment_id=experiment_id, **arguments).run.info.run_id


class Experiments(unittest.TestCase):
    def test_create_and_get(self) -> None:
        name = support.new_name("/Shared/sdk")
        created = admin.create_experiment(
            name, artifact_location="s3://bucket/churn", tags=[ml.ExperimentTag("team", "growth"), ml.ExperimentTag("note", "")]
        )
        found = admin.get_experiment(created.experiment_id).experiment
        self.assertEqual(found, admin.get_by_name(name).experiment)
        self.assertEqual(found.experiment_id, created.experiment_id)
        self.assertEqual((found.name, found.artifact_location, found.lifecycle_stage), (name, "s3://bucket/churn", "active"))
        self.assertEqual(found.creation_time, found.last_update_time)
        tags = {tag.key: tag.value for tag in found.tags}
        self.assertEqual(tags["team"], "growth")
        self.assertFalse(tags["note"])
        self.assertEqual(tags["mlflow.ownerEmail"], support.ADMIN)
        self.assertEqual([tag.key for tag in found.tags].count("mlflow.ownerId"), 2)

    def test_create_bound_to_unity_catalog(self) -> None:
        location = ml.ExperimentTraceLocation(uc_trace_location=ml.UcTraceLocation(catalog="main", schema="traces", table_prefix="churn"))
        found = admin.get_experiment(new_experiment(trace_location=location)).experiment.trace_location.uc_trace_location
        self.assertEqual((found.catalog, found.schema), ("main", "traces"))
        self.assertEqual((found.table_prefix, found.effective_table_prefix), ("churn", "churn"))

    def test_create_refused(self) -> None:
        name = support.new_name("/Shared/sdk")
        admin.create_experiment(name)
        for refused, error in (
            (name, ResourceAlreadyExists),
            ("relative", InvalidParameterValue),
            ("/Shared/no such folder/x", ResourceDoesNotExist),
            ("/Repos/x", InvalidParameterValue),
        ):
            with self.subTest(refused), self.assertRaises(error):
                admin.create_experiment(refused)

    def test_get_missing(self) -> None:
        with self.assertRaises(ResourceDoesNotExist):
            admin.get_experiment("42")
        with self.assertRaises(ResourceDoesNotExist):
            admin.get_by_name("/Shared/no such experiment")

    def test_update(self) -> None:
        id, name = new_experiment(), support.new_name("/Shared/sdk")
        self.assertIsNone(admin.update_experiment(id, new_name="/Workspace" + name))
        self.assertEqual(admin.get_experiment(id).experiment.name, name)

    def test_delete_and_restore(self) -> None:
        name = support.new_name("/Shared/sdk")
        id = admin.create_experiment(name).experiment_id
        self.assertIsNone(admin.delete_experiment(id))
        deleted = admin.get_experiment(id).experiment
        self.assertEqual(deleted.lifecycle_stage, "deleted")
        self.assertIn("/Trash/", deleted.name)
        with self.assertRaises(ResourceDoesNotExist):
            admin.get_by_name(name)
        self.assertIsNone(admin.restore_experiment(id))
        self.assertEqual(admin.get_by_name(name).experiment.lifecycle_stage, "active")

    def test_search_and_list(self) -> None:
        prefix = support.new_name("/Shared/sdk")
        ids = [admin.create_experiment(f"{prefix}-{i}").experiment_id for i in range(5)]
        admin.delete_experiment(ids[4])
        found = admin.search_experiments(filter=f"name LIKE '{prefix}-%'", order_by=["name DESC"], max_results=2)
        self.assertEqual([e.experiment_id for e in found], ids[3::-1])
        deleted = admin.search_experiments(max_results=3, view_type=ml.ViewType.DELETED_ONLY)
        self.assertIn(ids[4], [e.experiment_id for e in deleted])
        listed = [e.experiment_id for e in admin.list_experiments(max_results=2)]
        self.assertEqual([id for id in listed if id in ids], [id for id in listed if id in ids[:4]])
        self.assertEqual(set(ids[:4]) - set(listed), set())
        with self.assertRaises(InvalidParameterValue):
            list(admin.search_experiments(filter="nonsense"))

    def test_tag(self) -> None:
        id = new_experiment()
        self.assertIsNone(admin.set_experiment_tag(id, "stage", "staging"))
        self.assertIsNone(admin.set_experiment_tag(id, "stage", "production"))
        self.assertEqual([t.value for t in admin.get_experiment(id).experiment.tags if t.key == "stage"], ["production"])
        with self.assertRaises(InvalidParameterValue):
            admin.set_experiment_tag(id, "k" * 251, "too long")


class Permissions(unittest.TestCase):
    def test_levels(self) -> None:
        levels = admin.get_permission_levels(new_experiment()).permission_levels
        self.assertEqual([level.permission_level.value for level in levels], ["CAN_READ", "CAN_EDIT", "CAN_MANAGE"])

    def test_set_and_update(self) -> None:
        id = new_experiment()
        grant = ml.ExperimentAccessControlRequest
        put = admin.set_permissions(
            id,
            access_control_list=[
                grant(user_name=support.OTHER_USER, permission_level=ml.ExperimentPermissionLevel.CAN_READ),
                grant(service_principal_name=support.SERVICE_PRINCIPAL, permission_level=ml.ExperimentPermissionLevel.CAN_EDIT),
            ],
        )
        self.assertEqual((put.object_id, put.object_type), (f"/experiments/{id}", "mlflowExperiment"))
        self.assertEqual(put, admin.get_permissions(id))
        admin.update_permissions(
            id, access_control_list=[grant(group_name="risk", permission_level=ml.ExperimentPermissionLevel.CAN_MANAGE)]
        )
        direct = {
            entry.user_name or entry.group_name or entry.service_principal_name: permission.permission_level.value
            for entry in admin.get_permissions(id).access_control_list
            for permission in entry.all_permissions
            if not permission.inherited
        }
        self.assertEqual(direct, {support.OTHER_USER: "CAN_READ", support.SERVICE_PRINCIPAL: "CAN_EDIT", "risk": "CAN_MANAGE"})
        inherited = [
            permission.inherited_from_object
            for entry in put.access_control_list
            if entry.group_name == "admins"
            for permission in entry.all_permissions
        ]
        self.assertEqual(inherited, [["/directories/"]])

    def test_unknown_principal(self) -> None:
        grant = ml.ExperimentAccessControlRequest(user_name="nobody@example.com", permission_level=ml.ExperimentPermissionLevel.CAN_READ)
        with self.assertRaises(NotFound):
            admin.update_permissions(new_experiment(), access_control_list=[grant])


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


class Issues(unittest.TestCase):
    """The local workspace does not serve issues, which are not part of the contract."""

    def test_not_served(self) -> None:
        parent = f"experiments/{new_experiment()}"
        issue = ml.Issue(title="slow", severity=ml.IssueSeverity.LOW, name=f"{parent}/issues/iss-1")
        for name, call in (
            ("create_issue", lambda: admin.create_issue(parent, issue)),
            ("get_issue", lambda: admin.get_issue(issue.name)),
            ("search_issues", lambda: list(admin.search_issues(parent))),
            ("update_issue", lambda: admin.update_issue(issue.name, issue, FieldMask(["status"]))),
        ):
            with self.subTest(name), self.assertRaisesRegex(NotFound, "No API found"):
                call()


class OtherPrincipal(unittest.TestCase):
    """A user who can read one experiment and nothing else."""

    def setUp(self) -> None:
        folder = support.new_name("/restricted")
        support.workspace(support.ADMIN_TOKEN).workspace.mkdirs(folder)
        self.name = f"{folder}/x"
        self.id = admin.create_experiment(self.name).experiment_id
        self.run_id = new_run(self.id)
        self.model_id = admin.create_logged_model(self.id).model.info.model_id

    def grant(self, level: ml.ExperimentPermissionLevel) -> None:
        admin.set_permissions(
            self.id, access_control_list=[ml.ExperimentAccessControlRequest(user_name=support.USER, permission_level=level)]
        )

    def assertDenied(self, calls) -> None:
        for i, call in enumerate(calls):
            with self.subTest(i), self.assertRaisesRegex(PermissionDenied, "does not have"):
                call()

    def test_without_grant(self) -> None:
        self.assertDenied(
            [
                lambda: user.get_experiment(self.id),
                lambda: user.get_by_name(self.name),
                lambda: user.get_run(self.run_id),
                lambda: list(user.search_runs(experiment_ids=[self.id])),
                lambda: user.get_logged_model(self.model_id),
                lambda: list(user.list_artifacts(run_id=self.run_id)),
                lambda: user.create_experiment(f"{self.name}-2"),
            ]
        )
        self.assertNotIn(self.id, [e.experiment_id for e in user.search_experiments()])

    def test_with_read(self) -> None:
        self.grant(ml.ExperimentPermissionLevel.CAN_READ)
        self.assertEqual(user.get_run(self.run_id).run.info.experiment_id, self.id)
        self.assertEqual([r.info.run_id for r in user.search_runs(experiment_ids=[self.id])], [self.run_id])
        self.assertDenied(
            [
                lambda: user.create_run(experiment_id=self.id),
                lambda: user.update_run(run_id=self.run_id, run_name="x"),
                lambda: user.delete_run(self.run_id),
                lambda: user.restore_run(self.run_id),
                lambda: user.log_metric("loss", 1, 1, run_id=self.run_id),
                lambda: user.log_param("seed", "1", run_id=self.run_id),
                lambda: user.log_batch(run_id=self.run_id, tags=[ml.RunTag("a", "b")]),
                lambda: user.set_tag("a", "b", run_id=self.run_id),
                lambda: user.delete_runs(self.id, 0),
                lambda: user.restore_runs(self.id, 0),
                lambda: user.set_experiment_tag(self.id, "a", "b"),
                lambda: user.delete_logged_model(self.model_id),
            ]
        )

    def test_with_edit(self) -> None:
        self.grant(ml.ExperimentPermissionLevel.CAN_EDIT)
        user.log_metric("loss", 1, 1, run_id=self.run_id)
        user.delete_run(self.run_id)
        user.restore_run(self.run_id)
        self.assertDenied(
            [
                lambda: user.get_permissions(self.id),
                lambda: user.set_permissions(self.id),
                lambda: user.update_permissions(self.id),
            ]
        )

    def test_bad_token(self) -> None:
        with self.assertRaisesRegex(PermissionDenied, "Invalid access token"):
            support.workspace("no-such-token").experiments.get_experiment(self.id)


if __name__ == "__main__":
    unittest.main()

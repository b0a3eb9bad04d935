"""Calls the methods of the Databricks SDK for Python for experiments and their permissions."""

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

import sdk_support as support
from sdk_support import admin, new_experiment, new_run

user = support.workspace(support.USER_TOKEN).experiments


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

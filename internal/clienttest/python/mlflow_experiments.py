"""Uses the MLflow client for experiments, also as an account that can only read."""

import unittest

import mlflow
from databricks.sdk import WorkspaceClient
from databricks.sdk.service import ml
from mlflow.entities import RunTag, ViewType

from mlflow_support import ON_DATABRICKS, TestCase, client, new_name, new_experiment, new_run, other_account


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


class OtherAccount(TestCase):
    """The second account can read, on the local workspace because it is granted CAN_READ, and not write."""

    def setUp(self) -> None:
        if not ON_DATABRICKS:
            self.experiment_id = new_experiment()
        else:
            folder = new_name().replace("/Shared/", "/Restricted/")  # all users can manage what is in /Shared
            workspace = WorkspaceClient()
            workspace.workspace.mkdirs(folder)
            self.experiment_id = client.create_experiment(f"{folder}/x")
            with other_account():
                other = WorkspaceClient().current_user.me()
            grant = ml.ExperimentAccessControlRequest(user_name=other.user_name, permission_level=ml.ExperimentPermissionLevel.CAN_READ)
            workspace.experiments.set_permissions(self.experiment_id, access_control_list=[grant])
        self.run_id = new_run(self.experiment_id)

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

"""Calls the identity, workspace, and permission APIs that the provider uses, through the Databricks SDK for Python."""

import unittest

from databricks.sdk.core import ApiClient, Config
from databricks.sdk.errors import (
    BadRequest,
    InternalError,
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceAlreadyExists,
    ResourceDoesNotExist,
    Unauthenticated,
)
from databricks.sdk.service import iam, workspace

import sdk_support as support

admin = support.workspace(support.ADMIN_TOKEN)
user = support.workspace(support.USER_TOKEN)


class CurrentUser(unittest.TestCase):
    def test_user(self) -> None:
        me = user.current_user.me(excluded_attributes="entitlements")
        self.assertEqual((me.user_name, me.display_name), (support.USER, "Ana"))
        self.assertTrue(me.id)
        self.assertTrue(me.active)
        self.assertFalse(me.entitlements)
        self.assertEqual([g.display for g in me.groups], ["users"])

    def test_service_principal(self) -> None:
        me = support.workspace("service-principal-token").current_user.me()
        self.assertEqual(me.user_name, support.SERVICE_PRINCIPAL)

    def test_workspace_id(self) -> None:
        self.assertEqual(str(admin.get_workspace_id()), "1234567890123456")


class Directory(unittest.TestCase):
    def test_users(self) -> None:
        for api in (admin.users, admin.users_v2):
            with self.subTest(type(api).__name__):
                listed = list(api.list(attributes="id,userName,active", count=2))
                self.assertEqual({u.user_name for u in listed}, {support.ADMIN, support.USER, support.OTHER_USER})
                self.assertEqual({u.active for u in listed}, {True})
                self.assertEqual({u.display_name for u in listed}, {None})
                [found] = api.list(filter=f'userName eq "{support.USER.upper()}"')
                self.assertEqual(api.get(found.id), found)
                self.assertEqual(list(api.list(filter='userName eq "nobody@example.com"')), [])
                with self.assertRaises(NotFound):
                    api.get("42")

    def test_groups(self) -> None:
        for api in (admin.groups, admin.groups_v2):
            with self.subTest(type(api).__name__):
                listed = {g.display_name: g for g in api.list(count=1)}
                self.assertLessEqual({"admins", "users", "data-science", "ml-platform", "risk"}, set(listed))
                members = {m.display: m.ref.split("/")[0] for m in listed["users"].members}
                self.assertEqual(members["Ana"], "Users")
                self.assertEqual(members["deployer"], "ServicePrincipals")
                self.assertEqual(listed["users"].meta.resource_type, "WorkspaceGroup")
                self.assertEqual(api.get(listed["admins"].id), listed["admins"])
                [found] = api.list(filter='displayName eq "risk"', attributes="id,displayName")
                self.assertEqual(found.id, listed["risk"].id)
                self.assertFalse(found.meta)
                with self.assertRaises(NotFound):
                    api.get("42")

    def test_service_principals(self) -> None:
        for api in (admin.service_principals, admin.service_principals_v2):
            with self.subTest(type(api).__name__):
                [found] = api.list(sort_by="displayName", sort_order=iam.ListSortOrder.DESCENDING)
                self.assertEqual((found.application_id, found.display_name, found.active), (support.SERVICE_PRINCIPAL, "deployer", True))
                self.assertEqual(api.get(found.id), found)
                with self.assertRaises(NotFound):
                    api.get("42")

    def test_bad_filter(self) -> None:
        with self.assertRaises(BadRequest):
            list(admin.users.list(filter="userName like x"))


class Folders(unittest.TestCase):
    def test_lifecycle(self) -> None:
        folder = support.new_name("/Shared/folder")
        self.assertIsNone(admin.workspace.mkdirs(f"{folder}/a/b"))
        self.assertIsNone(admin.workspace.mkdirs(f"{folder}/a/b"))
        name = f"{folder}/churn"
        experiment_id = admin.experiments.create_experiment(name).experiment_id

        status = admin.workspace.get_status(folder)
        self.assertEqual((status.path, status.object_type), (folder, workspace.ObjectType.DIRECTORY))
        self.assertEqual(str(status.object_id), status.resource_id)
        self.assertEqual(str(admin.workspace.get_status(name).object_id), experiment_id)
        self.assertEqual(sorted(o.path for o in admin.workspace.list(folder)), [f"{folder}/a", name])
        self.assertEqual([o.path for o in admin.workspace.list(folder, recursive=True)], [name])
        self.assertEqual(list(admin.workspace.list(f"{folder}/a/b")), [])

        with self.assertRaisesRegex(BadRequest, "is not empty"):
            admin.workspace.delete(folder)
        self.assertIsNone(admin.workspace.delete(f"{folder}/a/b"))
        self.assertIsNone(admin.workspace.delete(folder, recursive=True))
        self.assertEqual(admin.experiments.get_experiment(experiment_id).experiment.lifecycle_stage, "deleted")
        for call in (admin.workspace.get_status, admin.workspace.delete, lambda path: list(admin.workspace.list(path))):
            with self.assertRaises(ResourceDoesNotExist):
                call(folder)

    def test_refused(self) -> None:
        name = support.new_name("/Shared/churn")
        admin.experiments.create_experiment(name)
        with self.assertRaises(ResourceAlreadyExists):
            admin.workspace.mkdirs(f"{name}/below")
        with self.assertRaises(InvalidParameterValue):
            admin.workspace.mkdirs("relative")
        with self.assertRaises(InvalidParameterValue):
            admin.workspace.delete("/Shared")

    def test_other_principal(self) -> None:
        above = support.new_name("/restricted")
        folder = f"{above}/inside"
        admin.workspace.mkdirs(folder)
        for name, call in (
            ("get_status", lambda: user.workspace.get_status(folder)),
            ("list", lambda: list(user.workspace.list(folder))),
            ("delete", lambda: user.workspace.delete(folder)),
            ("mkdirs", lambda: user.workspace.mkdirs(f"{folder}/x")),
        ):
            with self.subTest(name), self.assertRaisesRegex(PermissionDenied, f"{support.USER} does not have"):
                call()


class Permissions(unittest.TestCase):
    def objects(self) -> dict[str, str]:
        """Returns the ID of a new object of each type."""
        folder = support.new_name("/Shared/folder")
        admin.workspace.mkdirs(folder)
        experiment = admin.experiments.create_experiment(support.new_name("/Shared/churn"))
        return {"directories": admin.workspace.get_status(folder).resource_id, "experiments": experiment.experiment_id}

    def test_levels(self) -> None:
        for kind, id in self.objects().items():
            with self.subTest(kind):
                levels = {level.permission_level.value for level in admin.permissions.get_permission_levels(kind, id).permission_levels}
                want = {"CAN_READ", "CAN_EDIT", "CAN_MANAGE"} | ({"CAN_RUN"} if kind == "directories" else set())
                self.assertEqual(levels, want)

    def test_set_and_update(self) -> None:
        for kind, id in self.objects().items():
            with self.subTest(kind):
                read, edit, manage = (iam.PermissionLevel[name] for name in ("CAN_READ", "CAN_EDIT", "CAN_MANAGE"))
                grant = iam.AccessControlRequest
                first = admin.permissions.set(
                    kind,
                    id,
                    access_control_list=[
                        grant(user_name=support.OTHER_USER.upper(), permission_level=read),
                        grant(user_name=support.SERVICE_PRINCIPAL, permission_level=manage),
                    ],
                )
                self.assertEqual(first.object_id, f"/{kind}/{id}")
                self.assertEqual(first, admin.permissions.get(kind, id))
                self.assertEqual(direct(first), {support.OTHER_USER: read, support.SERVICE_PRINCIPAL: manage})
                updated = admin.permissions.update(
                    kind,
                    id,
                    access_control_list=[
                        grant(user_name=support.OTHER_USER, permission_level=edit), grant(group_name="risk", permission_level=read)
                    ],
                )
                self.assertEqual(direct(updated), {support.OTHER_USER: edit, support.SERVICE_PRINCIPAL: manage, "risk": read})
                self.assertEqual(direct(admin.permissions.set(kind, id, access_control_list=[])), {})

    def test_inherited(self) -> None:
        folder = support.new_name("/restricted")
        admin.workspace.mkdirs(folder)
        folder_id = admin.workspace.get_status(folder).resource_id
        id = admin.experiments.create_experiment(f"{folder}/churn").experiment_id
        grant = iam.AccessControlRequest(group_name="risk", permission_level=iam.PermissionLevel.CAN_RUN)
        admin.permissions.set("directories", folder_id, access_control_list=[grant])
        [permission] = [
            permission
            for entry in admin.permissions.get("experiments", id).access_control_list
            if entry.group_name == "risk"
            for permission in entry.all_permissions
        ]
        self.assertEqual(permission.permission_level, iam.PermissionLevel.CAN_RUN)
        self.assertEqual((permission.inherited, permission.inherited_from_object), (True, [f"/directories/{folder_id}"]))

    def test_refused(self) -> None:
        shared = admin.workspace.get_status("/Shared").resource_id
        with self.assertRaisesRegex(InternalError, "Cannot modify permissions of directory"):
            admin.permissions.set("directories", shared, access_control_list=[])
        with self.assertRaises(NotFound):
            admin.permissions.get("experiments", "42")
        for kind, id in self.objects().items():
            with self.subTest(kind), self.assertRaisesRegex(NotFound, "Principal: GroupName"):
                grant = iam.AccessControlRequest(group_name="no such group", permission_level=iam.PermissionLevel.CAN_READ)
                admin.permissions.update(kind, id, access_control_list=[grant])

    def test_other_principal(self) -> None:
        folder = support.new_name("/restricted")
        admin.workspace.mkdirs(folder)
        ids = {
            "directories": admin.workspace.get_status(folder).resource_id,
            "experiments": admin.experiments.create_experiment(f"{folder}/churn").experiment_id,
        }
        for kind, id in ids.items():
            for call in (user.permissions.get, user.permissions.set, user.permissions.update):
                with self.subTest(kind), self.assertRaisesRegex(PermissionDenied, f"{support.USER} does not have Manage permissions"):
                    call(kind, id)


def direct(permissions: iam.ObjectPermissions) -> dict[str, iam.PermissionLevel]:
    """Returns the level that each principal is granted directly."""
    return {
        entry.user_name or entry.group_name or entry.service_principal_name: permission.permission_level
        for entry in permissions.access_control_list
        for permission in entry.all_permissions
        if not permission.inherited
    }


class Authentication(unittest.TestCase):
    def test_without_token(self) -> None:
        client = ApiClient(Config(host=admin.config.host, credentials_strategy=NoCredentials()))
        with self.assertRaises(Unauthenticated):
            client.do("GET", "/api/2.0/preview/scim/v2/Me")

    def test_oauth(self) -> None:
        client = support.WorkspaceClient(
            host=admin.config.host, client_id=support.SERVICE_PRINCIPAL, client_secret="service-principal-secret", auth_type="oauth-m2m"
        )
        self.assertEqual(client.current_user.me().user_name, support.SERVICE_PRINCIPAL)


class NoCredentials:
    """Sends requests without credentials."""

    def auth_type(self) -> str:
        return "none"

    def __call__(self, _: Config):
        return dict


if __name__ == "__main__":
    unittest.main()

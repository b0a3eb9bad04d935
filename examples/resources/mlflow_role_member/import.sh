# The role and the user.
terraform import mlflow_role_member.carla role=on-call,user=carla

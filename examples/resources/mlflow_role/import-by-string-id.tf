import {
  to = mlflow_role.data_science
  id = "data-science"
}

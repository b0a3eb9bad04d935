// Package clienttest runs the official Python clients, the Databricks SDK and the MLflow client, against the local workspace, and the
// MLflow client against an MLflow server, too (`make test-clients`). What the clients do and expect is in the scripts in python.
package clienttest

// Package clienttest runs the official Python clients, the Databricks SDK and the MLflow client, against the local workspace, and the
// MLflow client against an MLflow server, too (`make test-clients`). The scripts in python contain the calls and the checks.
package clienttest

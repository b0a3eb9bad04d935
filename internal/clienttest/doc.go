// Package clienttest runs the official Python clients, the Databricks SDK and the MLflow client, on an emulated workspace, and the
// MLflow client also on an MLflow server (`make test-clients`). The scripts in python contain the calls and the checks.
package clienttest

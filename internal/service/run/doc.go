// Package run has the data sources of runs and their artifacts, and the actions that delete, restore, and tag runs.
package run

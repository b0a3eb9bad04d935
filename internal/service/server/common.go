package server

// The values of deletion_policy that all resources of this package support.
const (
	deletionDelete = "delete"
	deletionRetain = "retain"
)

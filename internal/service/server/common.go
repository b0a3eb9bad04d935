package server

// The values of deletion_policy that all objects of a server have.
const (
	deletionDelete = "delete"
	deletionRetain = "retain"
)

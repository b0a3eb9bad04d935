package mlflow

import (
	"context"
	"time"
)

// Folder is a folder of a Databricks workspace.
type Folder struct {
	ID string
	// Created is the creation time, zero if the server does not return it.
	Created time.Time
}

// Folders are the folders of a server, from which experiments inherit permissions. Paths are normalized with [NameRules].
type Folders interface {
	// ACLStore contains the access control lists by folder ID.
	ACLStore
	// KnownLevels lists the known levels that can be granted on a folder.
	KnownLevels() []string
	// AccessAdvice returns the next step if the caller lacks permissions to read or change permissions.
	AccessAdvice() string
	// Find looks up a folder by path. Errors: [rest.IsNotFound], [rest.IsPermissionDenied], *[NotFolderError].
	Find(ctx context.Context, path string) (Folder, error)
	// Create creates a folder and its missing parent folders. It is idempotent. Errors: [rest.IsAlreadyExists] if part of the path is not
	// a folder.
	Create(ctx context.Context, path string) error
	// Owner returns the owner of a home folder. Its name is empty for other folders.
	Owner(path string) Principal
}

// NotFolderError means that a path is not that of a folder, but of another object or of a Git folder.
type NotFolderError struct {
	// Object describes the object at the path, such as "a notebook".
	Object string
	// Advice is the next step.
	Advice string
}

// Error implements error.
func (e *NotFolderError) Error() string { return "it is " + e.Object + ", not a folder" }

// Folders returns the folders of the server, or an *[UnsupportedError] if it has none.
func (c *Client) Folders() (Folders, error) { return c.backend.Folders(c) }

// NoFolders implements the methods of [Backend] for folders on a server that has none.
type NoFolders struct{}

// CreateParents implements [Backend].
func (NoFolders) CreateParents(context.Context, *Client, string) error { return nil }

// FolderAdvice implements [Backend].
func (NoFolders) FolderAdvice() string { return "" }

// Folders implements [Backend].
func (NoFolders) Folders(*Client) (Folders, error) {
	return nil, &UnsupportedError{Reason: "an MLflow server has no folders. To grant access to all experiments of a workspace, use " +
		"mlflow_role with a grant such as \"experiment/*\" = \"EDIT\""}
}

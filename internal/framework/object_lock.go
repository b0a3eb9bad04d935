package framework

import (
	"sync"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/framework/planned"
)

// Kinds of [RunState.ObjectLock].
const (
	KindWorkspace         = "workspace"
	KindFolderPermissions = "permissions of a folder"
)

// ObjectLock serializes, within a run, the operations that create, adopt, and delete an object that is identified only by its name, such as
// a user.
type ObjectLock struct {
	sync.Mutex
	// Claimed reports whether this run created or adopted the object. A Delete in the same run is of another resource address.
	Claimed bool
	// Refreshed reports whether this run refreshed the object. A plan without a refresh is the second one of an apply, or runs with
	// -refresh=false.
	Refreshed bool
	planned.Name
}

// ObjectLock returns the lock of an object. The name must be unique among the objects of the kind on the server.
func (s *RunState) ObjectLock(kind, name string) *ObjectLock {
	return loadOrNew[ObjectLock](&s.objects, objectID{kind, name})
}

type objectID struct{ kind, name string }

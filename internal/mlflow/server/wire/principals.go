package wire

import (
	"context"
	"errors"
	"sync"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// Principals is the directory of an MLflow server: its users, and the roles of a workspace. It implements [mlflow.PrincipalSource]. It
// must not be copied.
type Principals struct {
	// User looks up a user, and reports whether it is a server admin. Errors: [rest.IsNotFound].
	User func(ctx context.Context, name string) (admin bool, err error)
	// Role returns the names of the users in a role, nil if the caller cannot read them. Errors: [rest.IsNotFound].
	Role func(ctx context.Context, name string) (members []string, err error)
	// Caller is the configured username, which can be read even if all other users are hidden.
	Caller string

	users, roles refusal
}

// refusal records that the caller cannot read users or roles at all, so that only one request is rejected. Calls run one after another
// until one is not rejected, and then in parallel.
type refusal struct {
	mu      sync.Mutex
	err     error
	allowed bool
}

// do runs call unless an earlier one was rejected.
func (r *refusal) do(call func() error) error {
	r.mu.Lock()
	if r.allowed {
		r.mu.Unlock()
		return call()
	}
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	err := call()
	_, unsupported := errors.AsType[*mlflow.UnsupportedError](err)
	switch {
	case unsupported || rest.IsPermissionDenied(err):
		r.err = err
	case err == nil || rest.IsNotFound(err):
		r.allowed = true
	}
	return err
}

// isAllowed reports whether a call succeeded.
func (r *refusal) isAllowed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.allowed
}

// Parallel implements [mlflow.PrincipalSource]. The first lookup of a user shows whether the caller can read others.
func (s *Principals) Parallel(kind mlflow.PrincipalKind) bool {
	if kind == mlflow.KindGroup {
		return s.roles.isAllowed()
	}
	return s.users.isAllowed()
}

// Find implements [mlflow.PrincipalSource]. A server has no service principals.
func (s *Principals) Find(ctx context.Context, p mlflow.Principal) (mlflow.PrincipalStatus, error) {
	var admin bool
	var err error
	look := func() error {
		admin, err = s.User(ctx, p.Name)
		return err
	}
	switch {
	case p.Kind == mlflow.KindUser && p.Name == s.Caller:
		err = look()
	case p.Kind == mlflow.KindUser:
		err = s.users.do(look)
	case p.Kind == mlflow.KindGroup:
		_, err = s.role(ctx, p.Name)
	default:
		return mlflow.PrincipalStatus{}, nil
	}
	if rest.IsNotFound(err) {
		return mlflow.PrincipalStatus{}, nil
	}
	return mlflow.PrincipalStatus{Exists: true, Active: true, Admin: admin}, err
}

func (s *Principals) role(ctx context.Context, name string) (members []string, err error) {
	err = s.roles.do(func() (err error) {
		members, err = s.Role(ctx, name)
		return err
	})
	return members, err
}

// Members implements [mlflow.PrincipalSource].
func (s *Principals) Members(ctx context.Context, group mlflow.Principal) ([]mlflow.Principal, error) {
	names, err := s.role(ctx, group.Name)
	switch {
	case rest.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	case names == nil:
		return nil, &mlflow.IncompleteError{
			Reason: "The MLflow server returns the members of its roles only to server admins and to managers of the workspace.",
		}
	}
	members := make([]mlflow.Principal, 0, len(names))
	for _, name := range names {
		members = append(members, mlflow.Principal{Kind: mlflow.KindUser, Name: name})
	}
	return members, nil
}

// ContainsEverybody implements [mlflow.PrincipalSource]. No role contains all users.
func (*Principals) ContainsEverybody(mlflow.Principal) bool { return false }

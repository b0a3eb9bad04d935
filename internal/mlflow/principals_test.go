package mlflow_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/databricks"
)

// directorySource is a directory that contains each principal for which find returns no error.
type directorySource struct {
	find func(ctx context.Context, p mlflow.Principal) error
	// serial is set if lookups must not run in parallel.
	serial bool
}

func (s *directorySource) Parallel(mlflow.PrincipalKind) bool { return !s.serial }

func (s *directorySource) Find(ctx context.Context, p mlflow.Principal) (mlflow.PrincipalStatus, error) {
	if err := s.find(ctx, p); err != nil {
		return mlflow.PrincipalStatus{}, err
	}
	return mlflow.PrincipalStatus{DisplayName: "the " + p.Name, Exists: true, Active: true}, nil
}

func (*directorySource) Members(_ context.Context, group mlflow.Principal) ([]mlflow.Principal, error) {
	return []mlflow.Principal{{Kind: mlflow.KindUser, Name: "member of " + group.Name}}, nil
}

func (*directorySource) ContainsEverybody(p mlflow.Principal) bool { return p.Name == "everybody" }

func manyPrincipals() []mlflow.Principal {
	wanted := []mlflow.Principal{{Kind: mlflow.KindGroup, Name: "everybody"}, {Kind: mlflow.KindGroup, Name: "risk"}}
	for i := range 20 {
		wanted = append(wanted, mlflow.Principal{Kind: mlflow.KindUser, Name: fmt.Sprintf("user%02d", i)})
	}
	return wanted
}

// TestResolvePrincipals_parallel: each lookup waits until the maximum number of parallel lookups is reached. The result does not depend on
// their order.
func TestResolvePrincipals_parallel(t *testing.T) {
	t.Parallel()
	var first mlflow.Principals
	for run := range 5 {
		var mu sync.Mutex
		waiting, together := 0, make(chan struct{})
		source := &directorySource{find: func(ctx context.Context, p mlflow.Principal) error {
			mu.Lock()
			if waiting++; waiting == 8 {
				close(together)
			}
			mu.Unlock()
			select {
			case <-together:
			case <-ctx.Done():
				return ctx.Err()
			}
			if p.Name == "user03" || p.Name == "user11" {
				return &mlflow.IncompleteError{Reason: "Hidden: " + p.Name}
			}
			return nil
		}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		found, err := mlflow.ResolvePrincipals(ctx, databricks.Names{}, source, manyPrincipals())
		if err != nil {
			t.Fatalf("run %d: got error %v, want parallel lookups", run, err)
		}
		if len(found.Status) != 21 || len(found.Incomplete) != 2 || found.Status[2].Principal.Name != "member of risk" {
			t.Fatalf("run %d: got %+v", run, found)
		}
		if run == 0 {
			first = found
		}
		if !reflect.DeepEqual(found, first) {
			t.Errorf("run %d: got\n%+v\nwant\n%+v", run, found, first)
		}
	}
}

// Lookups that must not run in parallel run in the order of the principals.
func TestResolvePrincipals_serial(t *testing.T) {
	t.Parallel()
	var names []string
	source := &directorySource{serial: true, find: func(_ context.Context, p mlflow.Principal) error {
		names = append(names, p.Name)
		return nil
	}}
	if _, err := mlflow.ResolvePrincipals(t.Context(), databricks.Names{}, source, manyPrincipals()); err != nil {
		t.Fatal(err)
	}
	if len(names) != 22 || names[0] != "risk" || !slices.IsSorted(names[1:21]) || names[21] != "member of risk" {
		t.Errorf("got the order %q", names)
	}
}

// An error of the server ends the lookups.
func TestResolvePrincipals_fails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, serial := range []bool{false, true} {
		source := &directorySource{serial: serial, find: func(ctx context.Context, p mlflow.Principal) error {
			if p.Name == "user00" {
				return broken
			}
			if !serial {
				<-ctx.Done()
			}
			return ctx.Err()
		}}
		if _, err := mlflow.ResolvePrincipals(t.Context(), databricks.Names{}, source, manyPrincipals()); !errors.Is(err, broken) {
			t.Errorf("serial %t: the error is %v, want %v", serial, err, broken)
		}
	}
}

// Package planned detects two resources of one plan that use the name of the same object, whatever the kind of the object is.
package planned

import (
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// Action is what a plan does with an object and its name.
type Action int

// The actions of a plan.
const (
	Create Action = iota
	Keep          // includes changes except that of the name
	RenameFrom
	RenameTo
	Delete
)

// Use is the use of a name in the plan of one resource.
type Use struct {
	Action Action
	// ID is the ID of the object or of the resource address; empty for a new object that replaces none. Uses with the same ID do not
	// conflict, unless one of them deletes the object. A delete without an ID is of any object with the name.
	ID string
	// Name is the name in the spelling of the resource.
	Name string
	// Object describes the object in messages.
	Object string
	// Adopts reports whether a create adopts the object, or restores it if the delete of another resource is applied first.
	Adopts bool
}

// hasNameAfterApply reports whether the object has the name after the apply.
func (u Use) hasNameAfterApply() bool {
	return u.Action == Create || u.Action == Keep || u.Action == RenameTo
}

// Name has the uses of one name that this run planned. Its zero value is ready to use.
type Name struct {
	mu   sync.Mutex
	uses []Use
}

// Plan records a use for an object of a kind, and returns its first conflict with an earlier one, nil if there is none. It returns a
// warning only if there is no error. Terraform plans resources in any order, so the last one reports the conflict.
func (n *Name) Plan(kind Kind, use Use) diag.Diagnostic {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.uses = append(n.uses, use)
	var warning diag.Diagnostic
	for _, other := range n.uses[:len(n.uses)-1] {
		switch conflict := kind.conflict(use, other); {
		case conflict == nil:
		case conflict.Severity() == diag.SeverityError:
			return conflict
		case warning == nil:
			warning = conflict
		}
	}
	return warning
}

// IsPlanned reports whether an object has the name after the apply, according to the plans of this run.
func (n *Name) IsPlanned() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.ContainsFunc(n.uses, Use.hasNameAfterApply)
}

// IsRenamed reports whether a plan renames the object with the name.
func (n *Name) IsRenamed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.ContainsFunc(n.uses, func(use Use) bool { return use.Action == RenameFrom })
}

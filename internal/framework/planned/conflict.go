package planned

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// Kind is a kind of objects in diagnostics.
type Kind struct {
	// Noun is for example "Experiment".
	Noun string
	// NameAttribute is the attribute with the name.
	NameAttribute string
	// Contents are deleted with an object, for example "its runs".
	Contents string
	// IsRestorable reports whether an object can be restored after it was deleted.
	IsRestorable bool
}

// conflict returns the reason why two uses of a name cannot be applied together, nil if there is none. It is a warning if the plan deletes
// and recreates an object that can be restored.
func (k Kind) conflict(a, b Use) diag.Diagnostic {
	if b.Action == Delete || b.Action == RenameFrom && a.Action != Delete {
		a, b = b, a // if one of the two releases the name, it is a
	}
	noun := strings.ToLower(k.Noun)
	switch sameID := a.ID != "" && a.ID == b.ID; {
	case a.Action == Delete && b.Action != Delete && (sameID || b.Action == Keep && a.ID == ""):
		return diag.NewErrorDiagnostic(k.duplicateSummary(), fmt.Sprintf("The state contains %s under two resource addresses, one of which is "+
			"no longer in the configuration. This plan would delete the %[2]s that the other one still manages. The cause can be an apply that "+
			"was interrupted while the resource was renamed.\n\nRemove the old address from the state:\n\n  terraform state rm OLD_ADDRESS\n\nor "+
			"use a removed block with destroy = false. If it is a deposed object of the same resource, remove the resource from the state and "+
			"import the %[2]s again.", a.Object, noun))
	case sameID:
		return nil
	case a.Action == Delete && b.Action == Create && !b.Adopts:
		summary, detail := k.Noun+" would be deleted and recreated", fmt.Sprintf("This plan deletes %s with %s, because a resource is no "+
			"longer in the configuration, and creates a new %[3]s with the same name for another resource.\n\nIf you only renamed the resource, "+
			"changed its for_each key, or moved it to another module, add a moved block from the old address to the new one. Then nothing is "+
			"deleted. To replace the %[3]s, use terraform apply -replace=ADDRESS.", a.Object, k.Contents, noun)
		if k.IsRestorable {
			return diag.NewWarningDiagnostic(summary, detail)
		}
		return diag.NewErrorDiagnostic(summary, detail)
	case a.Action == Delete && b.Action == RenameTo, a.Action == RenameFrom && b.hasNameAfterApply():
		return diag.NewErrorDiagnostic(k.Noun+" name is still in use", fmt.Sprintf("This plan renames or deletes %s, and uses its name for "+
			"another %[2]s. Terraform runs the two operations in any order, so the name may still be in use.\n\nUse two applies: first rename or "+
			"delete that %[2]s, for example with terraform apply -target=ADDRESS, then apply the rest. To swap two names, first rename one of "+
			"the two to a temporary name.", a.Object, noun))
	case a.hasNameAfterApply() && b.hasNameAfterApply():
		spelling := ""
		if b.Name != a.Name {
			spelling = fmt.Sprintf(", one of them as %q", b.Name)
		}
		return k.duplicateError("Two resources in the configuration declare %s%s. Only one resource can manage it.", a.Object, spelling)
	}
	return nil
}

// DuplicateError returns the error for a resource whose object another resource of this apply manages. A plan does not detect it if a name
// is unknown.
func (k Kind) DuplicateError(object string) diag.Diagnostic {
	return k.duplicateError("Another resource in this apply created, adopted, or changed %s. Only one resource can manage it. Nothing was "+
		"changed for this one.", object)
}

func (k Kind) duplicateSummary() string { return k.Noun + " is managed by two resources" }

func (k Kind) duplicateError(format string, args ...any) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root(k.NameAttribute), k.duplicateSummary(), fmt.Sprintf(format, args...)+
		fmt.Sprintf("\n\nRemove one of the two resources, or change its %s.", k.NameAttribute))
}

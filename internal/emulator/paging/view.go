package paging

import "github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"

// View is the view type of a search: the lifecycle stages of the objects that it finds.
type View string

// The view types.
const (
	ActiveOnly  View = "ACTIVE_ONLY"
	DeletedOnly View = "DELETED_ONLY"
	All         View = "ALL"
)

// ParseView reads the view type of a request, which defaults to ActiveOnly. The error for any other text names the parameter.
func ParseView(text, parameter string) (View, error) {
	switch view := View(text); view {
	case "":
		return ActiveOnly, nil
	case ActiveOnly, DeletedOnly, All:
		return view, nil
	}
	return "", wire.InvalidParameter("Invalid value '%s' for parameter '%s' supplied.", text, parameter)
}

// Shows reports whether the view includes an object that is deleted or active.
func (v View) Shows(deleted bool) bool { return v == All || deleted == (v == DeletedOnly) }

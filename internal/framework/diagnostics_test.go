package framework

import (
	"context"
	"errors"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// TestErrorDetail: each paragraph of an error ends in one period, before the advice and without it.
func TestErrorDetail(t *testing.T) {
	denied := &rest.APIError{Status: 403, Code: "PERMISSION_DENIED", Message: "Access is denied.", Method: "GET", Path: "/x"}
	hinted := &rest.APIError{Status: 404, Message: "Not here", Method: "GET", Path: "/x", Hint: "Check the URL."}
	for name, c := range map[string]struct {
		err    error
		advice []string
		want   string
	}{
		"no advice":       {errors.New("it failed"), nil, "it failed."},
		"its own period":  {errors.New("it failed."), nil, "it failed."},
		"advice":          {errors.New("it failed"), []string{"Try this."}, "it failed.\n\nTry this."},
		"two paragraphs":  {errors.New("it failed.\n\nRead this"), []string{"Try this."}, "it failed.\n\nRead this.\n\nTry this."},
		"a hint":          {hinted, nil, "Not here (HTTP 404 on GET /x).\n\nCheck the URL."},
		"a block of code": {errors.New("use this:\n\n  a = 1"), nil, "use this:\n\n  a = 1"},
		"access denied": {denied, nil, "Access is denied (PERMISSION_DENIED, HTTP 403 on GET /x).\n\nAsk a user with CAN_MANAGE on the " +
			"experiment or folder, a workspace admin, or a server admin for access."},
		"access denied, advice": {denied, []string{"Try this."},
			"Access is denied (PERMISSION_DENIED, HTTP 403 on GET /x).\n\nTry this."},
		"not sent: no advice": {&rest.NotSentError{Refusal: denied}, []string{"Try this."},
			"no request was sent, because authentication already failed (HTTP 403 on GET /x)."},
		"followed by another error": {rest.FollowedBy(hinted, "reading it also failed", denied), []string{"Try this."},
			"Not here (HTTP 404 on GET /x); reading it also failed: Access is denied (PERMISSION_DENIED, HTTP 403 on GET /x).\n\n" +
				"Check the URL.\n\nTry this."},
		"followed by an error with the same hint": {rest.FollowedBy(hinted, "reading it also failed", hinted), nil,
			"Not here (HTTP 404 on GET /x); reading it also failed: Not here (HTTP 404 on GET /x).\n\nCheck the URL."},
		"canceled": {context.Canceled, nil, "context canceled."},
	} {
		t.Run(name, func(t *testing.T) {
			if got, want := ErrorDetail(`tag "x"`, c.err, c.advice...), `Tag "x": `+c.want; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

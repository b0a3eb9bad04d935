package framework

import (
	"context"
	"errors"
	"fmt"
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
		"no advice":               {err: errors.New("it failed"), want: "Tag \"x\": it failed."},
		"a period of its own":     {err: errors.New("it failed."), want: "Tag \"x\": it failed."},
		"advice":                  {err: errors.New("it failed"), advice: []string{"Try this."}, want: "Tag \"x\": it failed.\n\nTry this."},
		"two paragraphs":          {err: errors.New("it failed.\n\nRead this"), advice: []string{"Try this."}, want: "Tag \"x\": it failed.\n\nRead this.\n\nTry this."},
		"a hint of the error":     {err: hinted, want: "Tag \"x\": Not here (HTTP 404 on GET /x).\n\nCheck the URL."},
		"a block of code":         {err: errors.New("use this:\n\n  a = 1"), want: "Tag \"x\": use this:\n\n  a = 1"},
		"access denied":           {err: denied, want: "Tag \"x\": Access is denied. (PERMISSION_DENIED, HTTP 403 on GET /x).\n\nTo get access, contact a user with CAN_MANAGE on it, or a workspace admin."},
		"access denied, advice":   {err: denied, advice: []string{"Try this."}, want: "Tag \"x\": Access is denied. (PERMISSION_DENIED, HTTP 403 on GET /x).\n\nTry this."},
		"not sent: no own advice": {err: &rest.NotSentError{Refusal: denied}, advice: []string{"Try this."}, want: endSentences(fmt.Sprintf("Tag \"x\": %s", &rest.NotSentError{Refusal: denied}))},
		"canceled":                {err: context.Canceled, want: "Tag \"x\": context canceled."},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ErrorDetail(`tag "x"`, c.err, c.advice...); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

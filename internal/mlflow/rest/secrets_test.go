package rest_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/mlflowtest"
	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/mlflow/rest"
)

// TestCallWithSecrets checks that neither a secret in a request nor a hash of it in the response appears in a log or an error.
func TestCallWithSecrets(t *testing.T) {
	t.Parallel()
	const (
		password = "correct-horse-battery"
		hash     = "scrypt:32768:8:1$salt$0123abcd"
	)
	echo := fmt.Sprintf(`{"username":"ana","password":%q}`, password)
	for name, tc := range map[string]struct {
		response mlflowtest.Responder
		want     string
	}{
		"a taken name": {reply(400,
			`{"error_code":"RESOURCE_ALREADY_EXISTS","message":"User (username=ana) already exists, hash `+hash+`"}`), "not shown"},
		"a database's words": {reply(400, `{"error_code":"BAD_REQUEST","message":"UPDATE users SET password_hash = '`+hash+`'"}`),
			"not shown"},
		"an error of the server":        {reply(500, `{"error_code":"INVALID_STATE","message":"`+hash+`"}`), "not shown"},
		"a page with the request in it": {page(400, "<pre>POST "+echo+"</pre>"), "not shown"},
		"a sign-in page":                {page(200, "<title>"+password+"</title>"), "not shown"},
		"an echo":                       {reply(200, echo), "the response is not a valid response of the MLflow API ("},
		"an echo of the wrong type":     {reply(200, `{"n":"`+password+`"}`), "the response is not a valid response of the MLflow API ("},
		"details": {reply(400,
			`{"error_code":"X","details":[{"links":[{"url":"`+password+`"}],"field_violations":[{"field":"password","description":"`+hash+`"}]}]}`),
			"not shown"},
		"a wrong value": {reply(400,
			`{"error_code":"INVALID_PARAMETER_VALUE","message":"Password must be at least 12 characters."}`),
			"Password must be at least 12 characters (INVALID"},
		"a wrong value, echoed": {reply(400, `{"error_code":"INVALID_PARAMETER_VALUE","message":"`+password+` is too simple"}`),
			"*** is too simple"},
		"a missing user": {reply(404, `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"User with username=ana not found"}`),
			"User with username=ana not found"},
		"a denied call": {page(403, "Permission denied"), "Permission denied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			logged := 0
			c := newClient(mlflowtest.NewReplies(tc.response), func(o *rest.Options) {
				o.Log = func(_ context.Context, e rest.Exchange) {
					logged++
					if text := fmt.Sprintf("%+v", e); strings.Contains(text, password) || strings.Contains(text, hash) {
						t.Errorf("got the log %s, want no secret in it", text)
					}
				}
			})
			err := c.Do(t.Context(), rest.Call{
				Method: http.MethodPost, Path: "/users", Group: rest.GroupOther, Body: map[string]any{"password": password}, Out: &numberResponse{},
				Secrets: []string{password},
			})
			mlflowtest.ExpectError(t, err, tc.want)
			if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, password) || strings.Contains(text, hash) || logged != 1 {
				t.Errorf("got error %s, %d lines in the log; want no secret, and 1 line", text, logged)
			}
		})
	}
}

// TestCallWithSecrets_short checks that a message is not shown if the secret is too short to redact only that.
func TestCallWithSecrets_short(t *testing.T) {
	t.Parallel()
	c := newClient(mlflowtest.NewReplies(reply(400, `{"error_code":"INVALID_PARAMETER_VALUE","message":"abc is too short"}`)))
	err := c.Do(t.Context(), rest.Call{Method: http.MethodPost, Path: "/users", Group: rest.GroupOther, Secrets: []string{"abc"}})
	mlflowtest.ExpectError(t, err, "not shown", "INVALID_PARAMETER_VALUE")
	if strings.Contains(err.Error(), "abc") || !rest.IsInvalid(err) {
		t.Errorf("got error %v, want an invalid value without the secret", err)
	}
}

// numberResponse is a response with a number.
type numberResponse struct {
	N rest.Int64 `json:"n"`
}

func (a *numberResponse) Validate(bool) error { return rest.CheckSame("number", "1", fmt.Sprint(a.N)) }

// TestDisabledFeature checks that an error for a disabled feature is not uncertain.
func TestDisabledFeature(t *testing.T) {
	t.Parallel()
	err := errorOf(t, page(503, "Endpoint: /api/3.0/mlflow/workspaces disabled because the server is running without workspaces support."))
	mlflowtest.ExpectError(t, err, "--enable-workspaces")
	if rest.IsUncertain(err) {
		t.Errorf("got an uncertain error %v, want a certain one", err)
	}
}

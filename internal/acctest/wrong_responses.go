package acctest

import (
	"net/http"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

// WrongResponses are responses of proxies, sign-in pages, and wrong hosts that a client must not accept.
var WrongResponses = map[string]emulator.Fault{
	"an empty object": {RawBody: `{}`, ContentType: "application/json"},
	"no content":      {Status: http.StatusNoContent, RawBody: " "},
	"null":            {RawBody: `null`, ContentType: "application/json"},
	"other JSON":      {RawBody: `{"status":"ok"}`, ContentType: "application/json"},
	"another object": {
		RawBody: `{"experiment":{"experiment_id":"999","name":"/Shared/other"},` +
			`"object_id":"/experiments/999","object_type":"mlflowExperiment"}`,
		ContentType: "application/json",
	},
	"an error with status 200":          {RawBody: `{"error_code":"INTERNAL_ERROR","message":"no"}`, ContentType: "application/json"},
	"a not-found error with status 200": {RawBody: `{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"no"}`, ContentType: "application/json"},
	"a sign-in page":                    {RawBody: `<html><title>Sign in</title></html>`},
}

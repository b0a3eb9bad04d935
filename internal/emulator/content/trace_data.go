package content

import (
	"net/http"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator/wire"
)

// storagePath is the path below which the workspace emulates the cloud storage for the data of traces.
const storagePath = "/storage/traces/"

// traceDownloadCredentials serves credentials-for-data-download.
func (s *Store) traceDownloadCredentials(c *wire.Call) (any, error) {
	return s.credentials(c, s.experiments.Readable)
}

// traceUploadCredentials serves credentials-for-data-upload.
func (s *Store) traceUploadCredentials(c *wire.Call) (any, error) {
	return s.credentials(c, s.experiments.Editable)
}

// credentials returns a signed URL, which permits reading and writing and does not expire.
func (s *Store) credentials(c *wire.Call, access access) (any, error) {
	t, err := s.findTrace(c, access)
	if err != nil {
		return nil, err
	}
	key := s.hexID()
	s.signed[key] = t
	return map[string]any{"credential_info": map[string]any{
		"type": "AWS_PRESIGNED_URL", "path": t.id + "/artifacts/traces.json", "signed_uri": "http://" + c.Host + storagePath + key,
	}}, nil
}

// signedTrace finds the trace of the signed URL.
func (s *Store) signedTrace(c *wire.Call) (*trace, error) {
	if t := s.signed[c.PathValue("key")]; t != nil {
		return t, nil
	}
	return nil, wire.PermissionDenied("The signature does not match.")
}

func (s *Store) putTraceData(c *wire.Call) (any, error) {
	t, err := s.signedTrace(c)
	if err != nil {
		return nil, err
	}
	t.data = append([]byte{}, c.Payload...)
	return wire.Empty{}, nil
}

func (s *Store) getTraceData(c *wire.Call) (any, error) {
	t, err := s.signedTrace(c)
	if err != nil {
		return nil, err
	}
	if t.data == nil {
		return nil, wire.Errorf(http.StatusNotFound, "NOT_FOUND", "The specified key does not exist.")
	}
	return wire.File(t.data), nil
}

package connection

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/databricks/databricks-sdk-go/config"
)

// secretSet contains the secrets of a connection, for redaction of responses.
type secretSet struct {
	mu sync.Mutex
	// values is replaced, never changed, so that readers need no copy. The longest are first, because a secret can be part of another one.
	values []string
}

func (s *secretSet) add(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	values := slices.Clip(s.values) // appending copies them
	for _, secret := range secrets {
		if strings.TrimSpace(secret) == "" {
			continue
		}
		// A server can return it as it was sent in a form.
		for _, form := range []string{secret, url.QueryEscape(secret)} {
			if !slices.Contains(values, form) {
				values = append(values, form)
			}
		}
	}
	if len(values) > len(s.values) {
		slices.SortStableFunc(values, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
		s.values = values
	}
}

// all returns every secret, the longest first. Callers must not change it.
func (s *secretSet) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values
}

// redact replaces the secrets in a text.
func (s *secretSet) redact(text string) string {
	for _, secret := range s.all() {
		text = strings.ReplaceAll(text, secret, "***")
	}
	return text
}

// addConfig adds the secrets among the settings.
func (s *secretSet) addConfig(cfg *config.Config) {
	s.add(cfg.ActionsIDTokenRequestToken)
	for i := range config.ConfigAttributes {
		a := &config.ConfigAttributes[i]
		switch {
		case a.Name == "metadata_service_url":
			if u, err := url.Parse(cfg.MetadataServiceURL); err == nil && len(u.Path) > 1 {
				s.add(u.Path) // the path is a secret; messages contain the rest
			}
		case a.Sensitive:
			s.add(a.GetString(cfg))
		}
	}
	if cfg.ClientSecret != "" {
		s.add(base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(cfg.ClientID) + ":" + url.QueryEscape(cfg.ClientSecret))))
	}
}

// extraTokenHeaders are headers with a token of the cloud in addition to the one in Authorization.
var extraTokenHeaders = []string{"X-Databricks-Azure-SP-Management-Token", "X-Databricks-GCP-SA-Access-Token"}

// addHeaders adds the credentials in the headers of a request.
func (s *secretSet) addHeaders(h http.Header) {
	_, credentials, _ := strings.Cut(h.Get("Authorization"), " ")
	s.add(credentials)
	for _, name := range extraTokenHeaders {
		s.add(h.Get(name))
	}
}

// addRequest adds the credentials in a request for a token.
func (s *secretSet) addRequest(req *http.Request, body []byte) {
	s.addHeaders(req.Header)
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return
	}
	for _, field := range []string{"client_secret", "subject_token", "client_assertion", "assertion", "refresh_token"} {
		s.add(form.Get(field))
	}
}

// addResponse adds the tokens in the response of a token endpoint.
func (s *secretSet) addResponse(body []byte) {
	var answer map[string]any
	if json.Unmarshal(body, &answer) != nil {
		return
	}
	for _, field := range append([]string{"refresh_token"}, tokenFields...) {
		if text, ok := answer[field].(string); ok {
			s.add(text)
		}
	}
}

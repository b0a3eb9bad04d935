package connection

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

func TestSecrets(t *testing.T) {
	isolateEnv(t)
	t.Setenv("MY_JWT", "the-jwt")
	f := newFakeWorkspace(t, httptest.NewServer)
	server := httptest.NewServer(http.HandlerFunc(echo))
	defer server.Close()
	for name, tc := range map[string]struct {
		settings Settings
		want     []string
	}{
		"token": {Settings{Host: f.URL, Token: "hunter2"}, []string{"hunter2"}},
		"client secret": {Settings{Host: f.URL, ClientID: "client", ClientSecret: "a/b"},
			[]string{"a/b", "a%2Fb", "client:a%2Fb", "Y2xpZW50OmElMkZi"}},
		"OIDC token":   {Settings{Host: f.URL, ClientID: "client", OIDCTokenEnv: "MY_JWT"}, []string{"the-jwt", "client/the-jwt"}},
		"password":     {Settings{TrackingURI: server.URL, Username: "ana", Password: "hunter2"}, []string{"hunter2", "YW5hOmh1bnRlcjI="}},
		"server token": {Settings{TrackingURI: server.URL, Token: "hunter2"}, []string{"hunter2"}},
		"none":         {Settings{TrackingURI: server.URL}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := mustOpen(t, tc.settings, nil)
			var callers sync.WaitGroup
			for range 5 {
				callers.Go(func() {
					_ = c.Secrets()
					mustSend(t, c)
				})
			}
			callers.Wait()
			for _, secret := range tc.want {
				if !slices.Contains(c.Secrets(), secret) {
					t.Errorf("got secrets %q, want %q in them", c.Secrets(), secret)
				}
			}
			if len(tc.want) == 0 && len(c.Secrets()) > 0 {
				t.Errorf("got secrets %q, want none", c.Secrets())
			}
		})
	}
}

func TestSecretsAreCutLongestFirst(t *testing.T) {
	var s secretSet
	s.add("abc", "", " ", "abcdef", "abc")
	if got := fmt.Sprint(s.all()); got != "[abcdef abc]" {
		t.Errorf("got secrets %s, want [abcdef abc]", got)
	}
	if got := s.redact("x abcdef abc"); got != "x *** ***" {
		t.Errorf("got %q, want x *** ***", got)
	}
}

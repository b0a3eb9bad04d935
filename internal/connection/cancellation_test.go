package connection

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"
)

// TestCancellation blocks each request of the authentication, and checks that a canceled request ends and that a later one succeeds.
func TestCancellation(t *testing.T) {
	for _, path := range []string{metadataPath, "/oidc/.well-known/oauth-authorization-server", tokenPath} {
		t.Run(path, func(t *testing.T) {
			isolateEnv(t)
			f := newFakeWorkspace(t, httptest.NewServer)
			f.hangAt(path)
			c := mustOpen(t, Settings{Host: f.URL, ClientID: "c", ClientSecret: "s"}, nil)
			wantCanceled(t, f, func(ctx context.Context) error {
				_, err := c.Resolve(ctx)
				return err
			})
			f.hangAt("")
			if got := mustSend(t, c).Get("Authorization"); got != "Bearer c:s" {
				t.Errorf("after the cancellation: got %q, want Bearer c:s", got)
			}
		})
	}
}

func TestCancellationWhileRenewing(t *testing.T) {
	isolateEnv(t)
	f := newFakeWorkspace(t, httptest.NewServer)
	f.expiresIn = -1
	c := mustOpen(t, Settings{Host: f.URL, ClientID: "c", ClientSecret: "s"}, nil)
	mustSend(t, c)
	f.hangAt(tokenPath)
	wantCanceled(t, f, func(ctx context.Context) error {
		_, err := send(ctx, c)
		return err
	})
	// End the renewal that still runs.
	f.hangAt("")
	f.CloseClientConnections()
}

// wantCanceled cancels work when a request blocks, and checks that it ends.
func wantCanceled(t *testing.T, f *fakeWorkspace, work func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- work(ctx) }()
	select {
	case <-f.entered:
	case err := <-done:
		t.Fatalf("got error %v before the cancellation", err)
	}
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want the cancellation", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("got no end after the cancellation")
	}
}

func TestCancellationWhileWaitingForATokenEndpoint(t *testing.T) {
	isolateEnv(t)
	f := newFakeWorkspace(t, httptest.NewServer)
	f.retryAfter = "3600"
	c := mustOpen(t, Settings{Host: f.URL, ClientID: "c", ClientSecret: "s", RetryTimeout: 2 * time.Hour}, nil)
	wantCanceled(t, f, func(ctx context.Context) error {
		_, err := c.Resolve(ctx)
		return err
	})
}

package connection

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"
)

// TestCancellation hangs each call that authentication makes. A cancelled request gives up, and a later one succeeds.
func TestCancellation(t *testing.T) {
	for _, path := range []string{metadataPath, "/oidc/.well-known/oauth-authorization-server", tokenPath} {
		t.Run(path, func(t *testing.T) {
			isolate(t)
			f := newFakeWorkspace(t, httptest.NewServer)
			f.hangAt(path)
			c := mustOpen(t, Settings{Host: f.URL, ClientID: "c", ClientSecret: "s"}, nil)
			wantGivingUp(t, f, func(ctx context.Context) error {
				_, err := c.Resolve(ctx)
				return err
			})
			f.hangAt("")
			if got := mustCall(t, c).Get("Authorization"); got != "Bearer c:s" {
				t.Errorf("afterwards: %q", got)
			}
		})
	}
}

func TestCancellationWhileRenewing(t *testing.T) {
	isolate(t)
	f := newFakeWorkspace(t, httptest.NewServer)
	f.expiresIn = -1
	c := mustOpen(t, Settings{Host: f.URL, ClientID: "c", ClientSecret: "s"}, nil)
	mustCall(t, c)
	f.hangAt(tokenPath)
	wantGivingUp(t, f, func(ctx context.Context) error {
		_, err := call(ctx, c)
		return err
	})
	// End the renewal that was left behind.
	f.hangAt("")
	f.CloseClientConnections()
}

// wantGivingUp cancels work once the fake hangs.
func wantGivingUp(t *testing.T, f *fakeWorkspace, work func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- work(ctx) }()
	select {
	case <-f.entered:
	case err := <-done:
		t.Fatalf("ended early: %v", err)
	}
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want a cancellation", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("did not give up")
	}
}

func TestCancellationWhileWaitingForATokenEndpoint(t *testing.T) {
	isolate(t)
	f := newFakeWorkspace(t, httptest.NewServer)
	f.retryAfter = "3600"
	c := mustOpen(t, Settings{Host: f.URL, ClientID: "c", ClientSecret: "s", RetryTimeout: 2 * time.Hour}, nil)
	wantGivingUp(t, f, func(ctx context.Context) error {
		_, err := c.Resolve(ctx)
		return err
	})
}

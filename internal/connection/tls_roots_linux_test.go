package connection

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCAFileAddsToSystemRoots checks that the authorities of the system remain trusted, because tokens can come from public hosts. It sets
// the authorities of the system in a separate process, because a process reads them only once. On macOS and Windows, a process cannot set
// them.
func TestCAFileAddsToSystemRoots(t *testing.T) {
	const variable = "TEST_SYSTEM_ROOTS"
	if folder := os.Getenv(variable); folder != "" {
		expectBothAuthorities(t, folder)
		return
	}
	folder := t.TempDir()
	system, extra := newTLSServer(t, false), newTLSServer(t, false)
	writeFile(t, filepath.Join(folder, "system.pem"), system.caPEM)
	writeFile(t, filepath.Join(folder, "extra.pem"), extra.caPEM)
	writeFile(t, filepath.Join(folder, "system.url"), system.URL)
	writeFile(t, filepath.Join(folder, "extra.url"), extra.URL)
	self := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCAFileAddsToSystemRoots$", "-test.v")
	self.Env = append(os.Environ(), variable+"="+folder, "SSL_CERT_FILE="+filepath.Join(folder, "system.pem"), "SSL_CERT_DIR="+t.TempDir())
	out, err := self.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestCAFileAddsToSystemRoots") {
		t.Errorf("got error %v and the output %s", err, out)
	}
}

// expectBothAuthorities checks that servers of an authority of the system and of the CA file are trusted, for each kind of server.
func expectBothAuthorities(t *testing.T, folder string) {
	t.Helper()
	isolateEnv(t)
	extra := filepath.Join(folder, "extra.pem")
	for _, name := range []string{"system", "extra"} {
		raw, err := os.ReadFile(filepath.Join(folder, name+".url"))
		if err != nil {
			t.Fatal(err)
		}
		target := string(raw)
		mustSend(t, mustOpen(t, Settings{TrackingURI: target, CACertFile: extra}, nil))
		mustSend(t, mustOpen(t, Settings{TrackingURI: target}, map[string]string{serverCertVariable: extra}))
		mustSend(t, mustOpen(t, Settings{Host: target, Token: "t", CACertFile: extra}, nil))
		_, err = send(t.Context(), mustOpen(t, Settings{TrackingURI: target}, nil))
		if (err == nil) != (name == "system") {
			t.Errorf("without a CA file: authority %q: got error %v", name, err)
		}
	}
}

package connection

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A CA file adds to the roots of the system: tokens may come from public hosts. The test plays a system that trusts one authority, in a
// process of its own since a process reads the roots of the system once. This file is for Linux only: on macOS and Windows, a process cannot
// choose the roots of the system.
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
		t.Errorf("%v: %s", err, out)
	}
}

// expectBothAuthorities calls a server of the system's authority and one of the CA file's, with the settings of each kind of server.
func expectBothAuthorities(t *testing.T, folder string) {
	t.Helper()
	isolate(t)
	extra := filepath.Join(folder, "extra.pem")
	for _, name := range []string{"system", "extra"} {
		raw, err := os.ReadFile(filepath.Join(folder, name+".url"))
		if err != nil {
			t.Fatal(err)
		}
		target := string(raw)
		mustCall(t, mustOpen(t, Settings{TrackingURI: target, CACertFile: extra}, nil))
		mustCall(t, mustOpen(t, Settings{TrackingURI: target}, map[string]string{serverCertVariable: extra}))
		mustCall(t, mustOpen(t, Settings{Host: target, Token: "t", CACertFile: extra}, nil))
		_, err = call(t.Context(), mustOpen(t, Settings{TrackingURI: target}, nil))
		if (err == nil) != (name == "system") {
			t.Errorf("without a CA file, the server of authority %q: %v", name, err)
		}
	}
}

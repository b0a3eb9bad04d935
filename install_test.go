package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestInstall_rebuild installs two builds. The installed package must run the current build, but its files, and so its checksum in a
// .terraform.lock.hcl, must not change.
func TestInstall_rebuild(t *testing.T) {
	cache := t.TempDir()
	build := filepath.Join(cache, "bin", "terraform-provider-mlflow")
	if err := os.MkdirAll(filepath.Dir(build), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MAKEFLAGS", "")
	var packages []string
	for _, name := range []string{"first", "second"} {
		if err := os.WriteFile(build, []byte("#!/bin/sh\necho "+name+" $1\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), "make", "--old-file=build", "install", "CACHE_DIR="+cache).CombinedOutput(); err != nil {
			t.Fatalf("make install: %v\n%s", err, out)
		}
		found, err := filepath.Glob(filepath.Join(cache, "mirror", "registry.*", "mlflow-terraform", "mlflow", "*", "*", "terraform-provider-*"))
		if err != nil || len(found) != 2 {
			t.Fatalf("packages %q, %v, want one for each registry", found, err)
		}
		for _, path := range found {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			packages = append(packages, string(text))
			out, err := exec.CommandContext(t.Context(), path, "argument").Output()
			if want := name + " argument\n"; err != nil || string(out) != want {
				t.Errorf("%s prints %q, %v, want %q", path, out, err, want)
			}
		}
	}
	if got := strings.Join(packages, ""); got != strings.Repeat(packages[0], 4) {
		t.Errorf("packages differ:\n%s", got)
	}
}

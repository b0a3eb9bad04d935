package main

import (
	"context"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
)

var loopbackPort = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// TestGuide_gettingStarted fails if the guide shows another output of the command.
func TestGuide_gettingStarted(t *testing.T) {
	guide, err := os.ReadFile("../../../templates/guides/getting-started.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	go func() { _ = write.CloseWithError(run(ctx, []string{"-addr", "127.0.0.1:0"}, write, io.Discard)) }()
	var printed strings.Builder
	buffer := make([]byte, 1024)
	for !strings.Contains(printed.String(), "Ctrl-C") {
		n, err := read.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		printed.Write(buffer[:n])
	}
	cancel()
	if _, err := io.Copy(io.Discard, read); err != nil {
		t.Fatal(err)
	}
	want := "```text\n" + loopbackPort.ReplaceAllString(printed.String(), "127.0.0.1:8089") + "```\n"
	if !strings.Contains(string(guide), want) {
		t.Errorf("the guide does not show\n%s", want)
	}
}

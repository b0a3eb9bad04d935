//go:build browser

package review

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// browserVariable is the environment variable with the path of a Chromium. `make test-browser` sets it.
const browserVariable = "TEST_BROWSER"

// browser is a Chromium that is controlled with the DevTools protocol over a pipe. It is for one test, and only one command runs at a time.
type browser struct {
	t        *testing.T
	commands io.Writer
	messages chan message
	last     int
}

// message is a response, which has an ID, or an event.
type message struct {
	ID     int
	Method string
	Params json.RawMessage
	Result json.RawMessage
	Error  *struct{ Message string }
	// SessionID is that of a tab. It is empty for messages of the browser itself.
	SessionID string
}

func startBrowser(t *testing.T) *browser {
	t.Helper()
	path := os.Getenv(browserVariable)
	if path == "" {
		t.Fatalf("%s is not set: run this test with `make test-browser`", browserVariable)
	}
	// Child processes can write to the profile for a moment after the browser ends, which makes the cleanup of TempDir fail.
	profile, err := os.MkdirTemp("", "review-browser-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	// Not t.Context(), which ends before the cleanup: a browser that is killed leaves its children behind.
	command := exec.CommandContext(context.WithoutCancel(t.Context()), path, "--headless", "--no-sandbox", "--disable-gpu",
		"--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
		"--user-data-dir="+profile, "--remote-debugging-pipe", "about:blank")
	input, commands, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	results, output, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	command.ExtraFiles = []*os.File{input, output}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = input.Close(), output.Close()
	b := &browser{t: t, commands: commands, messages: make(chan message, 10000)}
	go b.read(results)
	t.Cleanup(func() {
		_ = commands.Close() // Chromium ends with its pipe
		_ = command.Wait()
		_ = results.Close()
		_ = os.RemoveAll(profile)
	})
	return b
}

func (b *browser) read(results io.Reader) {
	defer close(b.messages)
	reader := bufio.NewReader(results)
	for {
		text, err := reader.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) == nil {
			b.messages <- m
		}
	}
}

// tab is a page in a browser.
type tab struct {
	*browser

	session string
	// events are those that no command waited for.
	events []message
	url    string
}

// call runs a command and returns its result as the type T.
func call[T any](p *tab, method string, params any) T {
	p.t.Helper()
	p.last++
	request, err := json.Marshal(map[string]any{"id": p.last, "method": method, "params": params, "sessionId": p.session})
	if p.session == "" {
		request, err = json.Marshal(map[string]any{"id": p.last, "method": method, "params": params})
	}
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.commands.Write(append(request, 0)); err != nil {
		p.t.Fatal(err)
	}
	m := p.await(method, func(m message) bool { return m.ID == p.last })
	if m.Error != nil {
		p.t.Fatalf("%s: %s", method, m.Error.Message)
	}
	var result T
	if err := json.Unmarshal(m.Result, &result); err != nil {
		p.t.Fatalf("%s returned %s: %v", method, m.Result, err)
	}
	return result
}

// await returns the next matching message. It queues the others.
func (p *tab) await(action string, matches func(message) bool) message {
	p.t.Helper()
	timeout := time.After(2 * time.Minute)
	for {
		select {
		case m, open := <-p.messages:
			if !open {
				p.t.Fatalf("browser exited during %s", action)
			}
			if matches(m) {
				return m
			}
			p.events = append(p.events, m)
		case <-timeout:
			p.t.Fatalf("no response from the browser to %s", action)
		}
	}
}

type object = map[string]any

// open opens a page from a file in a window of this width, with the fragment in its URL.
func (b *browser) open(page, fragment string, width int) *tab {
	b.t.Helper()
	file := filepath.Join(b.t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		b.t.Fatal(err)
	}
	p := &tab{browser: b, url: "file://" + file}
	target := call[struct{ TargetID string }](p, "Target.createTarget", object{"url": "about:blank"})
	p.session = call[struct{ SessionID string }](p, "Target.attachToTarget", object{"targetId": target.TargetID, "flatten": true}).SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network", "DOM"} {
		call[object](p, domain+".enable", object{})
	}
	p.resize(width)
	call[object](p, "Page.navigate", object{"url": p.url + fragment})
	p.await("load", func(m message) bool { return m.Method == "Page.loadEventFired" && m.SessionID == p.session })
	return p
}

func (p *tab) resize(width int) {
	p.t.Helper()
	call[object](p, "Emulation.setDeviceMetricsOverride", object{"width": width, "height": 900, "deviceScaleFactor": 1,
		"mobile": width < 600})
}

// media emulates a medium and a color scheme. An empty medium is the screen.
func (p *tab) media(medium, scheme string) {
	p.t.Helper()
	call[object](p, "Emulation.setEmulatedMedia", object{
		"media": medium, "features": []object{{"name": "prefers-color-scheme", "value": scheme}},
	})
}

// eval returns the value of an expression in the page, in the type T.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	r := call[struct {
		Result           struct{ Value T }
		ExceptionDetails json.RawMessage
	}](p, "Runtime.evaluate", object{"expression": expression, "returnByValue": true, "awaitPromise": true})
	if r.ExceptionDetails != nil {
		p.t.Fatalf("%s threw %s", expression, r.ExceptionDetails)
	}
	return r.Result.Value
}

// press presses a key on the element that has the focus.
func (p *tab) press(key string) {
	p.t.Helper()
	codes, texts := map[string]int{"Enter": 13, " ": 32, "Tab": 9}, map[string]string{"Enter": "\r", " ": " "}
	for _, kind := range []string{"keyDown", "keyUp"} {
		event := object{"type": kind, "key": key, "code": strings.Replace(key, " ", "Space", 1), "windowsVirtualKeyCode": codes[key]}
		if kind == "keyDown" {
			event["text"] = texts[key]
		}
		call[object](p, "Input.dispatchKeyEvent", event)
	}
}

// pdf prints the page as a PDF.
func (p *tab) pdf() []byte {
	p.t.Helper()
	r := call[struct{ Data string }](p, "Page.printToPDF", object{"preferCSSPageSize": true, "printBackground": true})
	data, err := base64.StdEncoding.DecodeString(r.Data)
	if err != nil {
		p.t.Fatal(err)
	}
	return data
}

// consoleErrors returns errors and warnings of the console, and requests for anything but the page.
func (p *tab) consoleErrors() []string {
	p.t.Helper()
	call[object](p, "Page.getFrameTree", object{}) // earlier events are there
	var all []string
	for _, m := range p.events {
		var params struct{ Request struct{ URL string } }
		switch {
		case m.SessionID != p.session:
		case m.Method == "Network.requestWillBeSent":
			_ = json.Unmarshal(m.Params, &params)
			if !strings.HasPrefix(params.Request.URL, p.url) {
				all = append(all, fmt.Sprintf("request for %s", params.Request.URL))
			}
		case m.Method == "Log.entryAdded" || m.Method == "Runtime.consoleAPICalled" || m.Method == "Runtime.exceptionThrown":
			all = append(all, string(m.Params))
		}
	}
	return all
}

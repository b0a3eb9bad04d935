// Command local-workspace serves an in-memory workspace that emulates Databricks, for the demo, the examples, and manual tests.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/mlflow-terraform/terraform-provider-mlflow/internal/emulator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// seededRuns is the name of the experiment with the runs of -seed-runs.
const seededRuns = "/Shared/runs"

// settings are the flags of the command.
type settings struct {
	addr    string
	tokens  map[string]string // bearer token to principal
	latency time.Duration
	journal string // file name, empty for none
	// See emulator.Options.
	seed, seedNotebooks, seedGitNotebooks                                   int
	seedRuns                                                                int // in the experiment seededRuns
	addManagers, ignoreGroupCase, requireFolderPermissions, omitFolderTimes bool
}

// parse parses the flags. It writes the usage text to errOut.
func parse(args []string, errOut io.Writer) (settings, error) {
	s := settings{tokens: map[string]string{}}
	flags := flag.NewFlagSet("local-workspace", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8089", "loopback `address` to listen on; port 0 selects a free port")
	flags.DurationVar(&s.latency, "latency", 0, "delay of every request, for example 20ms")
	flags.IntVar(&s.seed, "seed", 0, "number of experiments to create at the start")
	flags.IntVar(&s.seedNotebooks, "seed-notebooks", 0, "number of notebook experiments to create at the start")
	flags.IntVar(&s.seedGitNotebooks, "seed-git-notebooks", 0, "number of experiments of notebooks in Git folders to create at the start")
	flags.IntVar(&s.seedRuns, "seed-runs", 0, "number of finished runs to create at the start, an hour apart, in the experiment "+seededRuns)
	flags.StringVar(&s.journal, "journal", "", "`file` to which one JSON line per request is written")
	flags.BoolVar(&s.addManagers, "adds-managers", false, "add direct grants for the owner and for admins whenever permissions are written")
	flags.BoolVar(&s.ignoreGroupCase, "folds-group-names", false, "look up groups case-insensitively")
	flags.BoolVar(&s.requireFolderPermissions, "folder-rights", false,
		"require permissions on folders to delete, restore, and move experiments and to create folders")
	flags.BoolVar(&s.omitFolderTimes, "no-folder-times", false, "omit created_at and modified_at of folders")
	usage := "accept `TOKEN=PRINCIPAL` instead of the default tokens (repeatable); a principal is an email or an application ID"
	flags.Func("token", usage, func(text string) error {
		token, principal, ok := strings.Cut(text, "=")
		if !ok || token == "" || principal == "" {
			return errors.New("want TOKEN=PRINCIPAL")
		}
		s.tokens[token] = principal
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	if flags.NArg() > 0 {
		return settings{}, fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	}
	if len(s.tokens) == 0 {
		s.tokens = map[string]string{
			emulator.AdminToken:            emulator.Admin,
			emulator.UserToken:             emulator.User,
			emulator.ServicePrincipalToken: emulator.ServicePrincipal,
		}
	}
	return s, checkLoopback(s.addr)
}

// checkLoopback rejects addresses that other machines can reach, because the tokens are public.
func checkLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("invalid -addr %q: %w; specify a loopback address, for example 127.0.0.1:8089", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("invalid -addr %q: only loopback addresses are allowed, for example 127.0.0.1:8089", addr)
	}
	return nil
}

// run serves the workspace until ctx ends. It describes the workspace on out once it is ready.
func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	s, err := parse(args, errOut)
	if err != nil {
		return err
	}
	options := emulator.Options{
		Tokens: s.tokens, Latency: s.latency, Seed: s.seed, SeedNotebooks: s.seedNotebooks, SeedGitNotebooks: s.seedGitNotebooks,
		AddManagers: s.addManagers, IgnoreGroupCase: s.ignoreGroupCase, RequireFolderPermissions: s.requireFolderPermissions,
		OmitFolderTimes: s.omitFolderTimes,
	}
	if s.journal != "" {
		file, err := os.Create(s.journal)
		if err != nil {
			return fmt.Errorf("could not open the journal: %w", err)
		}
		defer file.Close()
		options.Journal = file
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.addr)
	if err != nil {
		return fmt.Errorf("could not listen on %s: %w; choose another -addr", s.addr, err)
	}
	workspace := emulator.New(options)
	if s.seedRuns > 0 {
		id := workspace.CreateExperiment(emulator.Admin, seededRuns, nil)
		workspace.SeedRuns(id, s.seedRuns, time.Now().Add(-time.Duration(s.seedRuns)*time.Hour), time.Hour)
	}
	server := &http.Server{Handler: workspace, ReadHeaderTimeout: 10 * time.Second}
	stopped := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stopped()
	describe(out, listener.Addr().String(), s)
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("could not serve: %w", err)
	}
	fmt.Fprintln(out, "Stopped.")
	return nil
}

// describe writes the URL of the workspace, its contents, and its credentials. The first line ends in "on URL", which scripts read.
func describe(out io.Writer, addr string, s settings) {
	fmt.Fprintf(out, "In-memory workspace that emulates Databricks, on http://%s\n", addr)
	if seeded := s.seed + s.seedNotebooks + s.seedGitNotebooks; seeded > 0 {
		fmt.Fprintf(out, "It contains %d experiments under /Projects.\n", seeded)
	}
	if s.seedRuns > 0 {
		fmt.Fprintf(out, "Experiment %s contains %d runs.\n", seededRuns, s.seedRuns)
	}
	fmt.Fprintln(out, "\nTokens:")
	bearers := slices.Sorted(maps.Keys(s.tokens))
	for _, bearer := range bearers {
		fmt.Fprintf(out, "  %-24s %s\n", bearer, s.tokens[bearer])
	}
	fmt.Fprintf(out, "\nOAuth client: ID %s, secret %s\n", emulator.ServicePrincipal, emulator.ServicePrincipalSecret)
	fmt.Fprintf(out, "\nTo use it:\n  export DATABRICKS_HOST=http://%s DATABRICKS_TOKEN=%s\n", addr, bearers[0])
	fmt.Fprintln(out, "\nPress Ctrl-C to stop. All data is lost.")
}

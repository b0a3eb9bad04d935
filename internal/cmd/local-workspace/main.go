// Command local-workspace serves a Databricks-like tracking workspace on this machine, in memory, for the demo, the examples and by-hand use.
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

// settings are the command's flags.
type settings struct {
	addr    string
	tokens  map[string]string // bearer token to principal
	latency time.Duration
	journal string // file name, "" for none
	// The rest: see emulator.Options.
	seed, seedNotebooks, seedGitNotebooks                      int
	seedRuns                                                   int // in the experiment seededRuns
	addsManagers, foldsGroupNames, folderRights, noFolderTimes bool
}

// parse reads the flags. The usage text goes to errOut.
func parse(args []string, errOut io.Writer) (settings, error) {
	s := settings{tokens: map[string]string{}}
	flags := flag.NewFlagSet("local-workspace", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8089", "loopback `address` to listen on; port 0 takes a free one")
	flags.DurationVar(&s.latency, "latency", 0, "time added to every request, such as 20ms")
	flags.IntVar(&s.seed, "seed", 0, "number of experiments to begin with")
	flags.IntVar(&s.seedNotebooks, "seed-notebooks", 0, "number of notebook experiments to begin with")
	flags.IntVar(&s.seedGitNotebooks, "seed-git-notebooks", 0, "number of experiments of notebooks in Git folders to begin with")
	flags.IntVar(&s.seedRuns, "seed-runs", 0, "number of finished runs to begin with, an hour apart, in the experiment "+seededRuns)
	flags.StringVar(&s.journal, "journal", "", "`file` to write one JSON line a request to")
	flags.BoolVar(&s.addsManagers, "adds-managers", false, "add direct grants for the owner and for admins to each list of permissions that is written")
	flags.BoolVar(&s.foldsGroupNames, "folds-group-names", false, "find groups in any case")
	flags.BoolVar(&s.folderRights, "folder-rights", false, "let folders decide who can delete, restore, and move experiments, and who can create folders")
	flags.BoolVar(&s.noFolderTimes, "no-folder-times", false, "return created_at and modified_at only for what is not a folder")
	flags.Func("token", "accept `TOKEN=principal` instead of the default tokens (repeatable); a principal is an e-mail address or an application id", func(text string) error {
		token, principal, ok := strings.Cut(text, "=")
		if !ok || token == "" || principal == "" {
			return errors.New("want TOKEN=principal")
		}
		s.tokens[token] = principal
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	if flags.NArg() > 0 {
		return settings{}, fmt.Errorf("could not start: unexpected argument %q; see -help", flags.Arg(0))
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

// checkLoopback refuses addresses that other machines could reach: the tokens are well known.
func checkLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("could not read -addr %q: %w; use something like 127.0.0.1:8089", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("could not listen on %q: only loopback addresses are allowed; use something like 127.0.0.1:8089", addr)
	}
	return nil
}

// run serves until ctx ends. It writes what it serves to out, once it is ready.
func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	s, err := parse(args, errOut)
	if err != nil {
		return err
	}
	options := emulator.Options{
		Tokens: s.tokens, Latency: s.latency, Seed: s.seed, SeedNotebooks: s.seedNotebooks, SeedGitNotebooks: s.seedGitNotebooks,
		AddsManagers: s.addsManagers, FoldsGroupNames: s.foldsGroupNames, FolderRights: s.folderRights, NoFolderTimes: s.noFolderTimes,
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
		return fmt.Errorf("could not go on serving: %w", err)
	}
	fmt.Fprintln(out, "Stopped.")
	return nil
}

// describe tells what runs and how to use it.
func describe(out io.Writer, addr string, s settings) {
	fmt.Fprintf(out, "Local tracking workspace, in memory, on http://%s\n", addr)
	if seeded := s.seed + s.seedNotebooks + s.seedGitNotebooks; seeded > 0 {
		fmt.Fprintf(out, "It has %d experiments below /Projects.\n", seeded)
	}
	if s.seedRuns > 0 {
		fmt.Fprintf(out, "The experiment %s has %d runs.\n", seededRuns, s.seedRuns)
	}
	fmt.Fprintln(out, "\nTokens:")
	bearers := slices.Sorted(maps.Keys(s.tokens))
	for _, bearer := range bearers {
		fmt.Fprintf(out, "  %-24s %s\n", bearer, s.tokens[bearer])
	}
	fmt.Fprintf(out, "\nOAuth client: id %s, secret %s\n", emulator.ServicePrincipal, emulator.ServicePrincipalSecret)
	fmt.Fprintf(out, "\nTo use it:\n  export DATABRICKS_HOST=http://%s DATABRICKS_TOKEN=%s\n", addr, bearers[0])
	fmt.Fprintln(out, "\nStop with Ctrl-C; nothing is kept.")
}

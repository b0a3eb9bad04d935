// Command bench measures plans and applies of large configurations, on a local workspace, against Terraform's own cost for as many
// resources.
//
// For each row it fills a workspace, writes a configuration and the state that an apply would leave, and lets the CLI plan it in turns:
// as a floor, as many terraform_data resources of the same shape; in some rows as many time_static, the floor of a provider that is a
// plugin and calls no server; the configuration with bulk refresh; and the same without. Each plan has to be empty. The row "apply"
// starts without a state and measures the apply instead. `make bench` runs it; see the guide on large workspaces.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
)

// settings are the command's flags.
type settings struct {
	cli       string // terraform or tofu
	workspace string // the local-workspace program
	runs      int
	rows      []row
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(args []string, out io.Writer) (settings, error) {
	var s settings
	var names string
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&s.cli, "cli", "terraform", "`path` of terraform or tofu; its settings must lead it to the providers mlflow and time")
	flags.StringVar(&s.workspace, "workspace", "local-workspace", "`path` of the local-workspace program")
	flags.IntVar(&s.runs, "runs", 3, "how often each plan or apply is measured; the median counts")
	flags.StringVar(&names, "rows", "", "`names` of the rows to run, by spaces: "+strings.Join(rowNames(), " ")+" (default: all but quick)")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if s.runs < 1 {
		return s, fmt.Errorf("could not use -runs %d: it must be at least 1", s.runs)
	}
	var err error
	s.rows, err = selectRows(strings.Fields(names))
	return s, err
}

// run measures the rows and prints what it found. An error after the table says that a target was missed.
func run(ctx context.Context, args []string, out io.Writer) error {
	s, err := parse(args, out)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	fmt.Fprintf(out, "%d processors, %s\n", runtime.NumCPU(), version(ctx, s.cli))
	var results []*result
	for _, r := range s.rows {
		res, err := bench{settings: s, row: r, folder: folder, out: out}.measure(ctx)
		if err != nil {
			return fmt.Errorf("could not measure the row %q: %w", r.name, err)
		}
		results = append(results, res)
	}
	printTables(out, results)
	if missed := printTargets(out, results); missed > 0 {
		return fmt.Errorf("%d targets missed; the times mean something on an idle machine with two processors only", missed)
	}
	return nil
}

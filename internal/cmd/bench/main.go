// Command bench measures plans and applies of large configurations on an in-memory workspace, and compares them with the same number of
// resources without the provider.
//
// For each row, it fills a workspace, writes configurations with their states, and plans them in turns: the floor, with as many
// terraform_data resources; in some rows the plugin floor, with as many time_static resources of a provider that uses no server; the
// configuration with bulk refresh; and the same without. Each plan must be empty. The row "apply" starts without a state and measures the
// apply instead. `make bench` runs this command; see the guide on large workspaces.
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

// settings are the flags of the command.
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
	flags.StringVar(&s.cli, "cli", "terraform", "`path` of terraform or tofu, which must be configured to install the providers mlflow "+
		"and time")
	flags.StringVar(&s.workspace, "workspace", "local-workspace", "`path` of the local-workspace program")
	flags.IntVar(&s.runs, "runs", 3, "number of runs of each plan or apply; the result is the median")
	flags.StringVar(&names, "rows", "", "`names` of the rows to measure, separated by spaces: "+
		""+strings.Join(rowNames(), " ")+" (default: all except quick)")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if s.runs < 1 {
		return s, fmt.Errorf("invalid -runs %d: must be at least 1", s.runs)
	}
	var err error
	s.rows, err = selectRows(strings.Fields(names))
	return s, err
}

// run measures the rows and prints the results. It returns an error if a target was missed.
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
		return fmt.Errorf("%d targets missed; the targets for times apply to an idle machine with two processors", missed)
	}
	return nil
}

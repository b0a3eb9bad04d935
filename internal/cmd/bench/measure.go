package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bench measures one row.
type bench struct {
	settings
	row    row
	folder string // for all rows
	out    io.Writer
}

// result is what was measured of one row.
type result struct {
	row       row
	floor     []sample
	bulk, off series
}

// series are the plans with one value of bulk_refresh.
type series struct {
	bulk    bool
	samples []sample
	// calls are those of the plan that made the most, by route.
	calls map[string]int
}

// sample is one run of the CLI.
type sample struct {
	took time.Duration
	// processor is the time that the CLI and its providers computed. Other work on the machine hardly changes it.
	processor time.Duration
	// memory is the highest resident set of a provider, in bytes; 0 where the system does not tell.
	memory int64
}

// measure fills a workspace, writes the configurations, and plans them in turns, so that what else the machine does meets all alike.
func (b bench) measure(ctx context.Context) (result, error) {
	res := result{row: b.row, bulk: series{bulk: true}}
	folder := filepath.Join(b.folder, b.row.name)
	if err := os.Mkdir(folder, 0o700); err != nil {
		return res, err
	}
	fmt.Fprintf(b.out, "\n%s: %s resources (%s of %s, %s latency), load %s\n",
		b.row.name, count(b.row.resources()), b.row, count(b.row.size), b.row.latency, load())
	w, err := startWorkspace(ctx, b.workspace, folder, b.row)
	if err != nil {
		return res, err
	}
	defer w.stop()
	ours, floor := filepath.Join(folder, "mlflow"), filepath.Join(folder, "floor")
	if err := b.prepare(ctx, w, ours, floor); err != nil {
		return res, err
	}
	for i := range b.runs {
		fmt.Fprintf(b.out, "  run %d of %d: floor", i+1, b.runs)
		one, err := b.plan(ctx, floor, false)
		if err != nil {
			return res, err
		}
		res.floor = append(res.floor, one)
		fmt.Fprintf(b.out, " %s", one)
		for _, s := range []*series{&res.bulk, &res.off} {
			fmt.Fprintf(b.out, ", bulk %s", onOff(s.bulk))
			if err := b.planSeries(ctx, w, ours, s); err != nil {
				return res, err
			}
			fmt.Fprintf(b.out, " %s", s.samples[i])
		}
		fmt.Fprintln(b.out)
	}
	return res, nil
}

func (b bench) prepare(ctx context.Context, w *workspace, ours, floor string) error {
	experiments, err := w.prepare(ctx, b.row)
	if err != nil {
		return fmt.Errorf("fill the workspace: %w", err)
	}
	if err := errors.Join(writeConfiguration(ours, w.url, b.row, experiments), writeFloor(floor, b.row, experiments)); err != nil {
		return err
	}
	for _, folder := range []string{ours, floor} {
		if _, err := b.start(ctx, folder, false, "init", "-input=false"); err != nil {
			return err
		}
	}
	return nil
}

// planSeries adds one plan to a series.
func (b bench) planSeries(ctx context.Context, w *workspace, folder string, s *series) error {
	start, err := w.journalLength()
	if err != nil {
		return err
	}
	one, err := b.plan(ctx, folder, s.bulk)
	if err != nil {
		return err
	}
	calls, err := w.calls(start)
	if total(calls) > total(s.calls) {
		s.calls = calls
	}
	s.samples = append(s.samples, one)
	return err
}

// plan plans once. A plan that is not empty is an error: then the state is not what the provider reads.
func (b bench) plan(ctx context.Context, folder string, bulk bool) (sample, error) {
	return b.start(ctx, folder, bulk, "plan", "-input=false", "-lock=false", "-detailed-exitcode")
}

// start runs the CLI to its end.
func (b bench) start(ctx context.Context, folder string, bulk bool, command string, arguments ...string) (sample, error) {
	cmd := exec.CommandContext(ctx, b.cli, append([]string{"-chdir=" + folder, command, "-no-color"}, arguments...)...)
	cmd.Env = append(os.Environ(), "TF_VAR_bulk_refresh="+strconv.FormatBool(bulk))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that it ends its providers
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return sample{}, fmt.Errorf("start the CLI: %w", err)
	}
	ended := make(chan struct{})
	peak := watchMemory(cmd.Process.Pid, ended)
	err := cmd.Wait()
	took := time.Since(began)
	close(ended)
	switch {
	case ctx.Err() != nil:
		return sample{}, ctx.Err()
	case err != nil:
		text := out.Bytes()
		return sample{}, fmt.Errorf("%s %s in %s: %w\n%s", b.cli, command, folder, err, text[max(0, len(text)-4000):])
	}
	return sample{took, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), <-peak}, nil
}

// sampling is how often the memory of providers is looked at. Linux keeps each process's peak, so only the growth of the last moment
// can be missed.
const sampling = 20 * time.Millisecond

// watchMemory looks at the children of a CLI, which are providers, until it has ended. It then tells the highest resident set of any, in
// bytes; 0 where there is no /proc.
func watchMemory(pid int, ended <-chan struct{}) <-chan int64 {
	peak := make(chan int64, 1)
	go func() {
		ticks := time.NewTicker(sampling)
		defer ticks.Stop()
		var highest int64
		for {
			for _, child := range children(pid) {
				highest = max(highest, peakMemory(child))
			}
			select {
			case <-ended:
				peak <- highest
				return
			case <-ticks.C:
			}
		}
	}()
	return peak
}

func children(pid int) []string {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	var all []string
	for _, list := range lists {
		text, _ := os.ReadFile(list) // the thread may be gone
		all = append(all, strings.Fields(string(text))...)
	}
	return all
}

func peakMemory(pid string) int64 {
	status, _ := os.ReadFile("/proc/" + pid + "/status") // the process may be gone
	_, rest, found := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(rest)
	if !found || len(fields) == 0 {
		return 0
	}
	kilobytes, _ := strconv.ParseInt(fields[0], 10, 64)
	return kilobytes << 10
}

// load is the machine's load average of the last minute: above the number of processors, times say little.
func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	if first == "" {
		return "unknown"
	}
	return first
}

func version(ctx context.Context, cli string) string {
	out, _ := exec.CommandContext(ctx, cli, "version").Output() // a CLI that does not run fails soon enough
	first, _, _ := strings.Cut(string(out), "\n")
	return first
}

// median gives the middle one of some times.
func median(samples []sample, of func(sample) time.Duration) time.Duration {
	var times []time.Duration
	for _, s := range samples {
		times = append(times, of(s))
	}
	slices.Sort(times)
	return times[len(times)/2]
}

func took(s sample) time.Duration      { return s.took }
func processor(s sample) time.Duration { return s.processor }

func (s series) memory() int64 {
	var highest int64
	for _, one := range s.samples {
		highest = max(highest, one.memory)
	}
	return highest
}

// String tells how long it took.
func (s sample) String() string { return seconds(s.took) }

func total(calls map[string]int) int {
	n := 0
	for _, c := range calls {
		n += c
	}
	return n
}

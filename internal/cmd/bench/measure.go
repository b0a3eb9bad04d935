package main

import (
	"bytes"
	"context"
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

// bench measures a row.
type bench struct {
	settings
	row    row
	folder string // for all rows
	out    io.Writer
}

// result contains the measurements of a row: the floors, and the configuration with and without bulk refresh.
type result struct {
	row row
	// floor is the floor without a plugin, and plugin the plugin floor, if the row has it.
	floor, plugin series
	bulk, off     series
}

// series are the runs of one configuration with one value of bulk_refresh.
type series struct {
	name    string
	folder  string // of the configuration
	bulk    bool
	samples []sample
	// calls are the requests of the run with the most, by route. planCalls are those of the plans after an apply.
	calls, planCalls map[string]int
}

func newResult(r row, folder string) *result {
	ours := filepath.Join(folder, "mlflow")
	floor, off := "terraform_data", "bulk off"
	if r.function != "" {
		floor, off = "jsondecode", "function"
	}
	return &result{
		row:    r,
		floor:  series{name: floor, folder: filepath.Join(folder, "floor")},
		plugin: series{name: "time_static", folder: filepath.Join(folder, "plugin")},
		bulk:   series{name: "bulk on", folder: ours, bulk: true},
		off:    series{name: off, folder: ours},
	}
}

// all returns the series that the row measures.
func (r *result) all() []*series {
	if r.row.plugin {
		return []*series{&r.floor, &r.plugin, &r.bulk, &r.off}
	}
	if r.row.function != "" {
		return []*series{&r.floor, &r.off}
	}
	return []*series{&r.floor, &r.bulk, &r.off}
}

// sample is one run of the CLI.
type sample struct {
	took time.Duration
	// processor is the processor time of the CLI and its providers. Other load on the machine hardly affects it.
	processor time.Duration
	// memory is the maximum resident set size of a provider, in bytes; 0 if the system does not report it.
	memory int64
}

// measure fills a workspace, writes the configurations, and runs them in turns, so that other load on the machine affects all of them.
func (b bench) measure(ctx context.Context) (*result, error) {
	folder := filepath.Join(b.folder, b.row.name)
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	fmt.Fprintf(b.out, "\n%s: %s resources (%s), load %s\n", b.row.name, count(b.row.resources()), b.row, load())
	w, err := startWorkspace(ctx, b.workspace, folder, b.row)
	if err != nil {
		return nil, err
	}
	defer w.stop()
	res := newResult(b.row, folder)
	if err := b.prepare(ctx, w, res); err != nil {
		return nil, err
	}
	for i := range b.runs {
		separator := ": "
		fmt.Fprintf(b.out, "  run %d of %d", i+1, b.runs)
		for _, s := range res.all() {
			fmt.Fprint(b.out, separator, s.name)
			if err := b.measureOnce(ctx, w, s); err != nil {
				return nil, err
			}
			fmt.Fprint(b.out, " ", s.samples[i])
			separator = ", "
		}
		fmt.Fprintln(b.out)
	}
	return res, nil
}

// prepare writes the configurations that the row needs, and initializes them.
func (b bench) prepare(ctx context.Context, w *workspace, res *result) error {
	experiments, err := w.prepare(ctx, b.row)
	if err != nil {
		return fmt.Errorf("fill the workspace: %w", err)
	}
	writers := map[string]func(string, string, row, []experiment) error{
		res.floor.folder: writeFloor, res.bulk.folder: writeConfiguration,
	}
	if b.row.function != "" {
		writers[res.floor.folder], writers[res.off.folder] = writeReading, writeFunction
	}
	if b.row.plugin {
		writers[res.plugin.folder] = writePlugin
	}
	for folder, write := range writers {
		if err := write(folder, w.url, b.row, experiments); err != nil {
			return err
		}
		if _, err := b.start(ctx, folder, nil, "init", "-input=false"); err != nil {
			return err
		}
	}
	return nil
}

// measureOnce adds a run to a series. After an apply, it checks that a plan is empty, and counts only the requests of that plan.
func (b bench) measureOnce(ctx context.Context, w *workspace, s *series) error {
	run := b.plan
	if b.row.apply {
		run = b.apply
	}
	one, err := countCalls(ctx, w, s, &s.calls, run)
	if err != nil {
		return err
	}
	if b.row.apply {
		if _, err := countCalls(ctx, w, s, &s.planCalls, b.plan); err != nil {
			return fmt.Errorf("plan after the apply: %w", err)
		}
	}
	s.samples = append(s.samples, one)
	return nil
}

// countCalls runs the CLI once, and stores the requests in most if there are more than before.
func countCalls(
	ctx context.Context, w *workspace, s *series, most *map[string]int, run func(context.Context, *series) (sample, error),
) (sample, error) {
	start, err := w.journalLength()
	if err != nil {
		return sample{}, err
	}
	one, err := run(ctx, s)
	if err != nil {
		return sample{}, err
	}
	calls, err := w.calls(start)
	if total(calls) > total(*most) {
		*most = calls
	}
	return one, err
}

// plan plans once. A plan that is not empty is an error: the state then differs from what the provider reads.
func (b bench) plan(ctx context.Context, s *series) (sample, error) {
	return b.start(ctx, s.folder, s.variables(), "plan", "-input=false", "-lock=false", "-detailed-exitcode")
}

// apply creates all resources once. The experiments of previous runs remain in the workspace, but not in the state.
func (b bench) apply(ctx context.Context, s *series) (sample, error) {
	if err := os.RemoveAll(filepath.Join(s.folder, stateFile)); err != nil {
		return sample{}, err
	}
	return b.start(ctx, s.folder, s.variables(), "apply", "-input=false", "-lock=false", "-auto-approve")
}

// variables returns the environment variables of the next run. Each apply uses different names.
func (s *series) variables() []string {
	return []string{
		"TF_VAR_bulk_refresh=" + strconv.FormatBool(s.bulk),
		fmt.Sprintf("TF_VAR_run=%s-%d", onOff(s.bulk), len(s.samples)+1),
	}
}

// start runs the CLI until it exits.
func (b bench) start(ctx context.Context, folder string, variables []string, command string, arguments ...string) (sample, error) {
	cmd := exec.CommandContext(ctx, b.cli, append([]string{"-chdir=" + folder, command, "-no-color"}, arguments...)...)
	cmd.Env = append(os.Environ(), variables...)
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

// sampling is the interval at which the memory of providers is read. Linux records the peak of each process, so that only growth after the
// last sample is missed.
const sampling = 20 * time.Millisecond

// watchMemory reads the memory of the child processes of a CLI, which are providers, until the CLI exits. It then sends the maximum
// resident set size of any of them, in bytes; 0 without /proc.
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
		text, _ := os.ReadFile(list) // the thread may have exited
		all = append(all, strings.Fields(string(text))...)
	}
	return all
}

func peakMemory(pid string) int64 {
	status, _ := os.ReadFile("/proc/" + pid + "/status") // the process may have exited
	_, rest, found := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(rest)
	if !found || len(fields) == 0 {
		return 0
	}
	kilobytes, _ := strconv.ParseInt(fields[0], 10, 64)
	return kilobytes << 10
}

// load returns the load average of the last minute. If it exceeds the number of processors, times are not reliable.
func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	if first == "" {
		return "unknown"
	}
	return first
}

func version(ctx context.Context, cli string) string {
	out, _ := exec.CommandContext(ctx, cli, "version").Output() // a CLI that does not run fails later
	first, _, _ := strings.Cut(string(out), "\n")
	return first
}

// median returns the median of times.
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

// String returns the times as text.
func (s sample) String() string { return seconds(s.took) }

func total(calls map[string]int) int {
	n := 0
	for _, c := range calls {
		n += c
	}
	return n
}
